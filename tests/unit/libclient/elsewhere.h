/* SPDX-License-Identifier: MIT */
/* Children in other pid and time namespaces, and namespaces to enter; needs root. */
#ifndef TESTS_UNIT_ELSEWHERE_H
#define TESTS_UNIT_ELSEWHERE_H

#include "libclient/segment/clock.h"
#include "tests/harness/client.h"
#include "tests/harness/harness.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SOON_S = 15 }; /* a child that takes longer has failed */

/* For children, in which cmocka's asserts do not work. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void set_clocks(const char *offsets)
{
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, offsets, strlen(offsets)) == (ssize_t)strlen(offsets));
	close(fd);
}

/* Fork a grandchild into a new namespace: pid, or time with these offsets. The process in between
 * exits with its status. */
static pid_t fork_into(int kind, const char *offsets)
{
	pid_t between = harness_fork();

	if (between != 0)
		return between;
	(void)alarm(SOON_S);
	CHECK(unshare(kind) == 0);
	if (offsets)
		set_clocks(offsets);
	pid_t pid = fork();
	if (pid == 0)
		(void)alarm(SOON_S);
	if (pid == 0)
		return 0;
	_exit(harness_reap(pid) == 0 ? 0 : 1);
}

static int enter_time_namespace(void *offsets)
{
	CHECK(unshare(CLONE_NEWTIME) == 0);
	set_clocks(offsets);
	return 0;
}

/* A descriptor of a new time namespace, which a separate process keeps alive. */
static int make_time_namespace(char *offsets, pid_t *ret_keeper)
{
	char path[64];

	*ret_keeper = client_holding(enter_time_namespace, offsets);
	snprintf(path, sizeof path, "/proc/%d/ns/time_for_children", (int)*ret_keeper);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t uptime_s(void)
{
	return clock_read(CLOCK_BOOTTIME) / NS_PER_S;
}

/* Offsets of both clocks, in milliseconds. */
static char *offsets_of(int64_t ms)
{
	static char text[96];
	int64_t s = ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
	int64_t ns = (ms - s * 1000) * 1000000;

	snprintf(text, sizeof text, "monotonic %lld %lld\nboottime %lld %lld\n", (long long)s,
		 (long long)ns, (long long)s, (long long)ns);
	return text;
}

#endif
