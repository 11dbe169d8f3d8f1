/* SPDX-License-Identifier: MIT */
/*
 * What people use today, measured in the same run: the dict with a lock in one Python process that
 * trackd replaces. It is found as tests/bench/tracker.py below the working folder.
 */
#include "tests/bench/bench.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 1 << 14 };

/* Run the tracker; it prints two numbers, ns an update and ns a read. */
static int ask(double *ret_update_ns, double *ret_view_ns)
{
	char text[64] = "", *rest;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = harness_fork();
	if (pid == 0) {
		char records[16];

		snprintf(records, sizeof records, "%d", RECORDS);
		dup2(ends[1], STDOUT_FILENO);
		execlp("python3", "python3", "tests/bench/tracker.py", records, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	bool printed = read(ends[0], text, sizeof text - 1) > 0;
	close(ends[0]);
	*ret_update_ns = strtod(text, &rest);
	*ret_view_ns = strtod(rest, NULL);
	return harness_reap(pid) == 0 && printed ? 0 : -EIO;
}

void bench_others(void)
{
	double update, view, their_update = 0, their_view = 0;

	bench_by_id(RECORDS, &view, &update);
	bench_title("16 Ki records by id: a dict in Python / trackd", "ns, dict", "ns, trackd");
	if (ask(&their_update, &their_view) < 0) {
		bench_note("python3 tests/bench/tracker.py did not run from this folder");
		return;
	}
	bench_row("update", their_update, update, their_update / update, 0);
	bench_row("read", their_view, view, their_view / view, 0);
	bench_note("the dict is seen by one process only, and dies with it");
}
