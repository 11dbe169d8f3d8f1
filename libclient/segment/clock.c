/* SPDX-License-Identifier: MIT */
/* The offset between two clocks, which cannot be read at the same time. */
#include "libclient/segment/clock.h"

__thread uint64_t clock_boot_last __attribute__((tls_model("initial-exec")));

/* Read one clock before and after the other. A preemption makes the interval longer; use the
 * shortest one. */
static int64_t offset_of(clockid_t of, clockid_t from)
{
	int64_t best = 0;
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_read(from), other = clock_read(of);
		uint64_t after = clock_read(from);
		if (after - before < width) {
			width = after - before;
			best = (int64_t)(other - before - width / 2);
		}
	}
	return best;
}

int64_t clock_wall_offset_ns(void)
{
	return offset_of(CLOCK_REALTIME, CLOCK_BOOTTIME);
}

int64_t clock_suspend_offset_ns(void)
{
	return offset_of(CLOCK_BOOTTIME, CLOCK_MONOTONIC);
}
