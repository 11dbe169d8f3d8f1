/* SPDX-License-Identifier: MIT */
/* A clock that stands still; see fake_clock.h. */
#include "tests/crash/engine/fake_clock.h"
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t WALL_S = 1767225600; /* 2026-01-01 */
static const uint64_t NS = 1000000000;

static uint64_t stands_at; /* 0: the true time */

void fake_clock_set(uint64_t ns)
{
	stands_at = ns;
}

uint64_t fake_clock(void)
{
	return stands_at;
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	if (stands_at == 0)
		return (int)syscall(SYS_clock_gettime, id, ret_time);
	ret_time->tv_sec = (time_t)(stands_at / NS) + (id == CLOCK_REALTIME ? WALL_S : 0);
	ret_time->tv_nsec = (long)(stands_at % NS);
	return 0;
}
