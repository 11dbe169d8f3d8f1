/* SPDX-License-Identifier: MIT */
/*
 * Built with json_pack(), whose "o" takes over a reference even on failure, so nothing needs
 * cleaning up: a NULL anywhere makes the result NULL.
 */
#include "tools/common/task_json.h"
#include "libclient/segment/internal.h"
#include "tools/common/label_text.h"
#include "tools/common/printable.h"
#include "tools/common/time_format.h"

json_t *task_json_text(const char *text)
{
	char safe[PRINTABLE_ROOM(TRACKD_ERROR_MAX)];

	printable_text(safe, sizeof safe, text);
	return json_string(safe);
}

json_t *task_json_optional(const char *text)
{
	return text[0] == '\0' ? json_null() : task_json_text(text);
}

json_t *task_json_time(uint64_t wall_ns)
{
	char text[MOMENT_TEXT];

	if (wall_ns == 0)
		return json_null();
	time_format_rfc3339(text, wall_ns);
	return json_string(text);
}

static json_t *number(uint64_t value)
{
	return json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX);
}

static json_t *number_or_null(uint64_t value)
{
	return value == 0 ? json_null() : number(value);
}

const char *task_stage_state_name(const struct trackd_task *task, const struct trackd_stage *stage)
{
	switch ((enum trackd_stage_state)stage->state) {
	case TRACKD_STAGE_WAITING:
		return "waiting";
	case TRACKD_STAGE_RUNNING:
		return "running";
	case TRACKD_STAGE_DONE:
		return "done";
	case TRACKD_STAGE_ENDED:
		return task->state == TRACKD_CANCELLED ? "cancelled" : "failed";
	}
	return "waiting";
}

static json_t *duration_json(const struct trackd_stage *stage, uint64_t now_ns)
{
	uint64_t end = stage->finished_ns ? stage->finished_ns : now_ns;

	if (stage->started_ns == 0)
		return json_null();
	return number(time_between(stage->started_ns, end) / NS_PER_MS);
}

static json_t *history_json(const struct trackd_task *task, uint64_t now_ns)
{
	json_t *array = json_array();

	for (int i = 0; i < task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		json_t *object = json_pack(
			"{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "name", task_json_text(stage->name),
			"state", task_stage_state_name(task, stage), "started_at",
			task_json_time(stage->started_ns), "finished_at",
			task_json_time(stage->finished_ns), "duration_ms",
			duration_json(stage, now_ns), "done", number(stage->done), "total",
			number_or_null(stage->total));

		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static const char *stage_name(const struct trackd_task *task)
{
	if (task->stage < 0 || task->stage >= task->n_stages || task->stage >= TRACKD_STAGES_MAX)
		return NULL;
	return task->stages[task->stage].name;
}

static json_t *stage_json(const struct trackd_task *task)
{
	const char *name = stage_name(task);

	if (!name)
		return json_null();
	return json_pack("{s:o, s:i, s:i, s:o, s:o}", "name", task_json_text(name), "index",
			 (int)task->stage, "count", (int)task->n_stages, "done", number(task->done),
			 "total", number_or_null(task->total));
}

static json_t *error_json(const struct trackd_task *task)
{
	const char *name = stage_name(task);

	if (!task_json_has_error(task))
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "reason",
			 trackd_reason_name((enum trackd_reason)task->reason), "message",
			 task_json_optional(task->error), "stage",
			 name ? task_json_text(name) : json_null());
}

static json_t *cancel_json(const struct trackd_task *task, uint64_t now_ns)
{
	bool final = trackd_state_final((enum trackd_state)task->state);
	uint64_t since = time_between(task->cancel_requested_ns, now_ns);

	if (task->cancel_requested_ns == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "requested_at", task_json_time(task->cancel_requested_ns),
			 "unheard_ms", final ? json_null() : number(since / NS_PER_MS));
}

static json_t *limits_json(const struct trackd_task *task)
{
	if ((task->start_within_ms | task->progress_within_ms | task->finish_within_ms) == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "start_within_ms",
			 number_or_null(task->start_within_ms), "progress_within_ms",
			 number_or_null(task->progress_within_ms), "finish_within_ms",
			 number_or_null(task->finish_within_ms));
}

/* What is known of a task that has ended beside its error. */
static int set_ending(json_t *object, const struct trackd_task *task)
{
	bool completed = task->state == TRACKD_COMPLETED;
	bool broken = task->state == TRACKD_FAILED || task->state == TRACKD_CANCELLED;
	int failed = json_object_set_new(object, "result",
					 task_json_optional(completed ? task->result : ""));

	failed |= json_object_set_new(object, "last_message",
				      task_json_optional(broken ? task->last_message : ""));
	return failed |
	       json_object_set_new(object, "last_progress",
				   broken ? json_integer(task->last_progress) : json_null());
}

static json_t *labels_json(const struct trackd_task *task)
{
	json_t *object = json_object();
	const char *at = task->labels;
	struct label label;

	while (label_text_next(task->labels, &at, &label)) {
		if (json_object_set_new(object, label.key, task_json_text(label.value)) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *signal_json(const struct trackd_task *task)
{
	char name[CAUSE_WORDS];

	if (task->worker_exit != TRACKD_EXIT_SIGNAL)
		return json_null();
	cause_signal_name(name, (uint32_t)task->worker_exit_number);
	return json_string(name);
}

/* How the worker died. */
static json_t *exit_json(const struct trackd_task *task)
{
	if (task->worker_exit == TRACKD_EXIT_UNKNOWN)
		return json_null();
	return json_pack("{s:o, s:o, s:b, s:b}", "status",
			 task->worker_exit == TRACKD_EXIT_STATUS
				 ? json_integer(task->worker_exit_number)
				 : json_null(),
			 "signal", signal_json(task), "core_dumped",
			 (task->worker_exit_flags & TRACKD_EXIT_DUMPED) != 0, "out_of_memory",
			 (task->worker_exit_flags & TRACKD_EXIT_MEMORY) != 0);
}

/* Who a dead worker was is not known when its task has ended, but how it died is. */
static json_t *worker_json(const struct trackd_task *task, int alive)
{
	bool known = task->worker_pid > 0;

	if (!known && task->worker_exit == TRACKD_EXIT_UNKNOWN)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "pid",
			 known ? json_integer(task->worker_pid) : json_null(), "comm",
			 known ? task_json_text(task->worker_comm) : json_null(), "alive",
			 !known      ? json_false()
			 : alive < 0 ? json_null()
				     : json_boolean(alive),
			 "exit", exit_json(task));
}

static json_t *public_worker_json(const struct trackd_task *task)
{
	if (task->worker_exit == TRACKD_EXIT_UNKNOWN)
		return json_null();
	return json_pack("{s:o}", "exit", exit_json(task));
}

static json_t *eta_json(const struct trackd_task *task, uint64_t now_ns)
{
	uint64_t left = time_left(task, now_ns);

	if (left == 0)
		return json_null();
	return json_pack("{s:o}", "seconds", number((left + NS_PER_S / 2) / NS_PER_S));
}

json_t *task_json(const struct trackd_task *task, const struct task_json_options *options)
{
	bool final = trackd_state_final((enum trackd_state)task->state);
	json_t *object = json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:i, s:o, s:o, s:o, s:o, s:o}", "id",
		task_json_text(task->id), "kind", task_json_text(task->kind_name), "owner",
		task_json_optional(task->owner), "name", task_json_text(task->name), "state",
		trackd_state_name((enum trackd_state)task->state), "status",
		task_json_text(task->status), "done", (int) final, "progress", (int)task->progress,
		"stage", stage_json(task), "stages", history_json(task, options->now_ns), "message",
		task_json_text(task->message), "error", error_json(task), "cancel",
		cancel_json(task, options->now_ns));

	if (!object)
		return NULL;
	int failed = set_ending(object, task);
	failed |= json_object_set_new(object, "labels", labels_json(task));
	failed |= json_object_set_new(object, "limits", limits_json(task));
	failed |= json_object_set_new(object, "worker",
				      options->worker ? worker_json(task, options->alive)
						      : public_worker_json(task));
	failed |= json_object_set_new(object, "created_at", task_json_time(task->created_ns));
	failed |= json_object_set_new(object, "started_at", task_json_time(task->started_ns));
	failed |= json_object_set_new(object, "updated_at", task_json_time(task->updated_ns));
	failed |= json_object_set_new(object, "finished_at", task_json_time(task->finished_ns));
	failed |= json_object_set_new(object, "eta", eta_json(task, options->now_ns));
	failed |= json_object_set_new(object, "revision", number(task->revision));
	if (failed != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}
