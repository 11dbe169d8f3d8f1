/* SPDX-License-Identifier: MIT */
/*
 * What the gateway counts of tasks that end while it looks on; metrics_text.c writes it.
 *
 * Durations of tasks and stages are taken from a task's record when it ends: by then all of them are
 * known. A record that another task has taken by then, and transitions that the ring lost, are not
 * counted; the board's own counters are complete.
 */
#ifndef TRACKD_HTTP_OPS_TASK_COUNTS_H
#define TRACKD_HTTP_OPS_TASK_COUNTS_H

#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/server/histogram.h"

/* Names of kinds and stages come from whoever declares them, so their number is bounded here: what
 * is beyond is not told apart. */
enum {
	TASK_COUNTS_KINDS = TRACKD_KINDS_MAX,
	TASK_COUNTS_STAGES = TRACKD_KINDS_MAX * TRACKD_STAGES_MAX / 2,
	TASK_COUNTS_OUTCOMES = 3, /* completed, failed, cancelled */
};

struct kind_counts {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	uint64_t finished[TASK_COUNTS_OUTCOMES];
};

struct stage_times {
	char kind[TRACKD_STAGE_NAME_MAX + 1], stage[TRACKD_STAGE_NAME_MAX + 1];
	struct histogram histogram;
};

struct task_counts {
	struct board_connection *board;
	struct histogram times;
	struct kind_counts kinds[TASK_COUNTS_KINDS];
	size_t n_kinds;
	struct stage_times stages[TASK_COUNTS_STAGES];
	size_t n_stages;
};

/* Counts from now on, until the follower stops. 0 or -ENOMEM. */
int task_counts_new(struct board_connection *board, struct follower *follower,
		    struct task_counts **ret_counts);
void task_counts_free(struct task_counts *counts);

/* With zeros before the first end of a task: Prometheus sees no increase in what was not there. */
void task_counts_know_kinds(struct task_counts *counts);

#endif
