/* SPDX-License-Identifier: MIT */
/*
 * The gateway's counts of tasks that end while it runs; metrics_text.c writes them.
 *
 * Durations of tasks and stages are taken from the record when a task ends: by then all of them are
 * known. Tasks whose record has been reused by then, and transitions that the ring has lost, are
 * not counted; the board's own counters are complete.
 */
#ifndef TRACKD_HTTP_OPS_TASK_COUNTS_H
#define TRACKD_HTTP_OPS_TASK_COUNTS_H

#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/server/histogram.h"

/* Any producer may declare kinds and stages, so the number of names is bounded here; names beyond
 * the bound are counted together. */
enum {
	TASK_COUNTS_KINDS = TRACKD_KINDS_MAX,
	TASK_COUNTS_STAGES = TRACKD_KINDS_MAX * TRACKD_STAGES_MAX / 2,
	TASK_COUNTS_OUTCOMES = 3, /* completed, failed, cancelled */
};

/* How the workers of lost tasks died. */
enum task_counts_death { DEATH_UNKNOWN, DEATH_STATUS, DEATH_SIGNAL, DEATH_MEMORY, DEATHS };

struct kind_counts {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	uint64_t finished[TASK_COUNTS_OUTCOMES];
	uint64_t lost[DEATHS];
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

/* Counts until the follower stops. 0 or -ENOMEM. */
int task_counts_new(struct board_connection *board, struct follower *follower,
		    struct task_counts **ret_counts);
void task_counts_free(struct task_counts *counts);

/* Adds kinds with zero counts before their first task ends: Prometheus cannot see an increase of a
 * series that did not exist. */
void task_counts_know_kinds(struct task_counts *counts);

#endif
