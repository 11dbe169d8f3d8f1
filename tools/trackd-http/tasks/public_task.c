/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/public_task.h"
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include <string.h>

static json_t *links(const struct trackd_task *task)
{
	return json_pack("{s:o, s:o, s:o}", "self", json_sprintf("/v1/tasks/%s", task->id),
			 "events", json_sprintf("/v1/tasks/%s/events", task->id), "cancel",
			 json_sprintf("/v1/tasks/%s/cancel", task->id));
}

void public_task_error(const struct trackd_task *task, char ret_error[TRACKD_ERROR_MAX + 1])
{
	char *open = NULL, *close;

	memcpy(ret_error, task->error, strlen(task->error) + 1);
	if (task->reason != TRACKD_REASON_WORKER_LOST && task->reason != TRACKD_REASON_CANCELLED)
		return;
	/* Use the last bracket: a program's name may contain others. */
	for (char *at = ret_error; (at = strchr(at, '[')) != NULL; at++)
		if (at[1 + strspn(at + 1, "0123456789")] == ']')
			open = at;
	if (!open)
		return;
	close = strchr(open, ']');
	memmove(open, close + 1, strlen(close + 1) + 1);
}

json_t *public_task_json(const struct trackd_task *task)
{
	struct task_json_options options = { .now_ns = time_now() };
	struct trackd_task shown = *task;

	public_task_error(task, shown.error);
	json_t *object = task_json(&shown, &options);

	if (object && json_object_set_new(object, "links", links(task)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}
