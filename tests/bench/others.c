/* SPDX-License-Identifier: MIT */
/*
 * What people use today, measured in the same run: the dict with a lock in one Python process that
 * trackd replaces. It is found as tests/bench/tracker.py below the working folder.
 */
#include "bench.h"
#include <math.h>
#include <stdio.h>

enum { RECORDS = 1 << 14 };

/* A command that prints two numbers, ns an update and ns a read. */
static int ask(const char *command, double *ret_update_ns, double *ret_view_ns)
{
	FILE *pipe = popen(command, "re");

	if (!pipe)
		return -1;
	int n = fscanf(pipe, "%lf %lf", ret_update_ns, ret_view_ns);
	return pclose(pipe) == 0 && n == 2 ? 0 : -1;
}

void bench_others(void)
{
	double update, view, their_update, their_view;
	char command[64];

	bench_by_id(RECORDS, &view, &update);
	bench_title("16 Ki records by id: a dict in Python / trackd", "ns, dict", "ns, trackd");
	snprintf(command, sizeof command, "python3 tests/bench/tracker.py %d", RECORDS);
	if (ask(command, &their_update, &their_view) < 0) {
		bench_note("python3 tests/bench/tracker.py did not run from this folder");
		return;
	}
	bench_row("update", their_update, update, their_update / update, 0);
	bench_row("read", their_view, view, their_view / view, 0);
	bench_note("the dict is seen by one process only, and dies with it");
}
