/* SPDX-License-Identifier: MIT */
/* Clock readings in nanoseconds. Each is one vDSO call, no system call. */
#ifndef TRACKD_SEGMENT_CLOCK_H
#define TRACKD_SEGMENT_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t clock_read(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* This thread's last reading of clock_boot_ns(): the approximate time, at no cost. */
extern __thread uint64_t clock_boot_last __attribute__((tls_model("initial-exec")));

/* For updates and deadlines: includes suspends, ignores changes of the wall clock. 25 ns. */
static inline uint64_t clock_boot_ns(void)
{
	return clock_boot_last = clock_read(CLOCK_BOOTTIME);
}

/* For lock deadlines and timeouts. */
static inline uint64_t clock_monotonic_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/* For readers, which add the header's suspend offset to test deadlines: exact to a tick. 7 ns. */
static inline uint64_t clock_coarse_ns(void)
{
	return clock_read(CLOCK_MONOTONIC_COARSE);
}

static inline int64_t clock_wall_ns(void)
{
	return (int64_t)clock_read(CLOCK_REALTIME);
}

/* CLOCK_REALTIME - CLOCK_BOOTTIME and CLOCK_BOOTTIME - CLOCK_MONOTONIC, for the header. They do not
 * change clock_boot_last, so namespace_now() still detects a jump of the clock. */
int64_t clock_wall_offset_ns(void);
int64_t clock_suspend_offset_ns(void);

#endif
