/* SPDX-License-Identifier: MIT */
/*
 * A task as a JSON object, in the same form on the command line and over HTTP. Times are RFC 3339
 * in UTC; unknown values are null, not absent.
 */
#ifndef COMMON_TASK_JSON_H
#define COMMON_TASK_JSON_H

#include "libclient/trackd.h"
#include <jansson.h>
#include <stdbool.h>

struct task_json_options {
	uint64_t now_ns; /* since the Unix epoch, for durations and the estimate */
	bool worker;     /* with the member "worker" */
	int alive;       /* result of trackd_worker_alive() for the worker */
};

/* A new reference; NULL if memory is out. */
json_t *task_json(const struct trackd_task *task, const struct task_json_options *options);

/* Helpers for other documents in the same style. Any bytes become valid text; the second turns ""
 * into null, the third a time of 0. */
json_t *task_json_text(const char *text);
json_t *task_json_optional(const char *text);
json_t *task_json_time(uint64_t wall_ns);

/* "waiting", "running", "done"; for the stage in which a task ended "failed" or "cancelled". */
const char *task_stage_state_name(const struct trackd_task *task, const struct trackd_stage *stage);

/* Whether the task has an error to show: a failed one, and a cancelled one whose worker died. */
static inline bool task_json_has_error(const struct trackd_task *task)
{
	return task->state == TRACKD_FAILED ||
	       (task->state == TRACKD_CANCELLED && task->error[0] != '\0');
}

#endif
