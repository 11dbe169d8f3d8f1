/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/ops/task_counts.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct kind_counts *kind_of(struct task_counts *counts, const char *name)
{
	struct kind_counts *kind;

	for (size_t i = 0; i < counts->n_kinds; i++)
		if (strcmp(counts->kinds[i].name, name) == 0)
			return &counts->kinds[i];
	if (counts->n_kinds == TASK_COUNTS_KINDS)
		return NULL;
	kind = &counts->kinds[counts->n_kinds++];
	memcpy(kind->name, name, strlen(name) + 1);
	return kind;
}

static struct stage_times *stage_of(struct task_counts *counts, const char *kind, const char *name)
{
	struct stage_times *stage;

	for (size_t i = 0; i < counts->n_stages; i++)
		if (strcmp(counts->stages[i].stage, name) == 0 &&
		    strcmp(counts->stages[i].kind, kind) == 0)
			return &counts->stages[i];
	if (counts->n_stages == TASK_COUNTS_STAGES)
		return NULL;
	stage = &counts->stages[counts->n_stages++];
	memcpy(stage->kind, kind, strlen(kind) + 1);
	memcpy(stage->stage, name, strlen(name) + 1);
	return stage;
}

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
	return (double)time_between(from_ns, to_ns) / 1e9;
}

static void add_stages(struct task_counts *counts, const struct trackd_task *task)
{
	for (size_t i = 0; i < task->n_stages; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		struct stage_times *times;

		if (stage->started_ns == 0 || stage->finished_ns == 0)
			continue;
		times = stage_of(counts, task->kind_name, stage->name);
		if (times)
			histogram_add(&times->histogram, &histogram_work,
				      seconds_between(stage->started_ns, stage->finished_ns));
	}
}

static enum task_counts_death death_of(const struct trackd_task *task)
{
	switch ((enum trackd_worker_exit)task->worker_exit) {
	case TRACKD_EXIT_UNKNOWN:
		break;
	case TRACKD_EXIT_STATUS:
		return DEATH_STATUS;
	case TRACKD_EXIT_SIGNAL:
		return task->worker_exit_flags & TRACKD_EXIT_MEMORY ? DEATH_MEMORY : DEATH_SIGNAL;
	}
	return DEATH_UNKNOWN;
}

static void on_transition(void *user, const struct trackd_event *event)
{
	struct task_counts *counts = user;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error;
	struct trackd *trackd;

	if (event->type != TRACKD_EVENT_FINAL)
		return;
	trackd = board_connection_reader(counts->board, &error);
	if (!trackd || trackd_copy(trackd, event->ref, &task) < 0 ||
	    !trackd_state_final((enum trackd_state)task.state))
		return;
	struct kind_counts *kind = kind_of(counts, task.kind_name);
	if (kind && task.state <= TRACKD_CANCELLED)
		kind->finished[task.state - TRACKD_COMPLETED]++;
	if (kind && task.reason == TRACKD_REASON_WORKER_LOST)
		kind->lost[death_of(&task)]++;
	histogram_add(&counts->times, &histogram_work,
		      seconds_between(task.created_ns, task.finished_ns));
	add_stages(counts, &task);
}

void task_counts_know_kinds(struct task_counts *counts)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	int error;
	struct trackd *trackd = board_connection_reader(counts->board, &error);

	for (int k = 0; trackd && trackd_kind_get(trackd, k, &kind) >= 0; k++)
		(void)kind_of(counts, kind.name);
}

int task_counts_new(struct board_connection *board, struct follower *follower,
		    struct task_counts **ret_counts)
{
	struct task_counts *counts = calloc(1, sizeof *counts);

	if (!counts)
		return -ENOMEM;
	counts->board = board;
	follower_tap(follower, on_transition, counts);
	*ret_counts = counts;
	return 0;
}

void task_counts_free(struct task_counts *counts)
{
	free(counts);
}
