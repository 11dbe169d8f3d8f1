/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/task_text.h"
#include "libclient/segment/internal.h"
#include "tools/common/label_text.h"
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include "tools/trackd-http/tasks/public_task.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- Moments ------------------------------------------------------------- */

enum { DATE = 10, DAY_S = 86400 };

static char *write_digits(char *to, unsigned value, int n)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + n;
}

/* The times in a list span few days, so the previous date usually fits. Only one thread calls
 * this. */
static char *write_date(char *to, uint64_t day)
{
	static uint64_t known = UINT64_MAX;
	static char date[DATE];
	char text[MOMENT_TEXT];

	if (day != known) {
		time_format_rfc3339(text, day * DAY_S * NS_PER_S);
		memcpy(date, text, DATE);
		known = day;
	}
	memcpy(to, date, DATE);
	return to + DATE;
}

static char *write_time(char *to, uint64_t wall_ns)
{
	uint64_t ms = wall_ns / NS_PER_MS, s = ms / 1000;
	unsigned of_day = (unsigned)(s % DAY_S);

	if (wall_ns == 0)
		return json_write_plain(to, "null");
	*to++ = '"';
	to = write_date(to, s / DAY_S);
	*to++ = 'T';
	to = write_digits(to, of_day / 3600, 2);
	*to++ = ':';
	to = write_digits(to, of_day / 60 % 60, 2);
	*to++ = ':';
	to = write_digits(to, of_day % 60, 2);
	*to++ = '.';
	to = write_digits(to, (unsigned)(ms % 1000), 3);
	return json_write_plain(to, "Z\"");
}

/* ---- Stages -------------------------------------------------------------- */

static const char *present_name(const struct trackd_task *task)
{
	if (task->stage < 0 || task->stage >= task->n_stages || task->stage >= TRACKD_STAGES_MAX)
		return NULL;
	return task->stages[task->stage].name;
}

static char *write_duration(char *to, const struct trackd_stage *stage, uint64_t now_ns)
{
	uint64_t end = stage->finished_ns ? stage->finished_ns : now_ns;

	if (stage->started_ns == 0)
		return json_write_plain(to, "null");
	return json_write_number(to, time_between(stage->started_ns, end) / NS_PER_MS);
}

static char *write_stage(char *to, const struct trackd_task *task, const struct trackd_stage *stage,
			 uint64_t now_ns)
{
	to = json_write_text(json_write_plain(to, "{\"name\":"), stage->name);
	to = json_write_plain(json_write_plain(to, ",\"state\":\""),
			      task_stage_state_name(task, stage));
	to = write_time(json_write_plain(to, "\",\"started_at\":"), stage->started_ns);
	to = write_time(json_write_key(to, "finished_at"), stage->finished_ns);
	to = write_duration(json_write_key(to, "duration_ms"), stage, now_ns);
	to = json_write_number(json_write_key(to, "done"), stage->done);
	to = json_write_number_or_null(json_write_key(to, "total"), stage->total);
	*to++ = '}';
	return to;
}

static char *write_stages(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	*to++ = '[';
	for (int i = 0; i < task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		if (i > 0)
			*to++ = ',';
		to = write_stage(to, task, &task->stages[i], now_ns);
	}
	*to++ = ']';
	return to;
}

static char *write_present(char *to, const struct trackd_task *task)
{
	const char *name = present_name(task);

	if (!name)
		return json_write_plain(to, "null");
	to = json_write_text(json_write_plain(to, "{\"name\":"), name);
	to = json_write_number(json_write_key(to, "index"), (uint64_t)task->stage);
	to = json_write_number(json_write_key(to, "count"), task->n_stages);
	to = json_write_number(json_write_key(to, "done"), task->done);
	to = json_write_number_or_null(json_write_key(to, "total"), task->total);
	*to++ = '}';
	return to;
}

/* ---- The rest ------------------------------------------------------------ */

static char *write_error(char *to, const struct trackd_task *task)
{
	const char *name = present_name(task);
	char shown[TRACKD_ERROR_MAX + 1];

	if (!task_json_has_error(task))
		return json_write_plain(to, "null");
	public_task_error(task, shown);
	to = json_write_plain(json_write_plain(to, "{\"reason\":\""),
			      trackd_reason_name((enum trackd_reason)task->reason));
	to = json_write_optional(json_write_plain(to, "\",\"message\":"), shown);
	to = json_write_key(to, "stage");
	to = name ? json_write_text(to, name) : json_write_plain(to, "null");
	*to++ = '}';
	return to;
}

static char *write_flag(char *to, unsigned flags, unsigned flag)
{
	return json_write_plain(to, flags & flag ? "true" : "false");
}

/* How the worker died; who it was is not the public's. */
static char *write_worker(char *to, const struct trackd_task *task)
{
	char name[CAUSE_WORDS];

	if (task->worker_exit == TRACKD_EXIT_UNKNOWN)
		return json_write_plain(to, "null");
	to = json_write_plain(to, "{\"exit\":{\"status\":");
	if (task->worker_exit == TRACKD_EXIT_STATUS) {
		to = json_write_number(to, (uint64_t)task->worker_exit_number);
		to = json_write_plain(to, ",\"signal\":null");
	} else {
		cause_signal_name(name, (uint32_t)task->worker_exit_number);
		to = json_write_text(json_write_plain(to, "null,\"signal\":"), name);
	}
	to = write_flag(json_write_key(to, "core_dumped"), task->worker_exit_flags,
			TRACKD_EXIT_DUMPED);
	to = write_flag(json_write_key(to, "out_of_memory"), task->worker_exit_flags,
			TRACKD_EXIT_MEMORY);
	return json_write_plain(to, "}}");
}

static char *write_cancel(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	uint64_t since = time_between(task->cancel_requested_ns, now_ns);

	if (task->cancel_requested_ns == 0)
		return json_write_plain(to, "null");
	to = write_time(json_write_plain(to, "{\"requested_at\":"), task->cancel_requested_ns);
	to = json_write_key(to, "unheard_ms");
	if (trackd_state_final((enum trackd_state)task->state))
		to = json_write_plain(to, "null");
	else
		to = json_write_number(to, since / NS_PER_MS);
	*to++ = '}';
	return to;
}

static char *write_limits(char *to, const struct trackd_task *task)
{
	if ((task->start_within_ms | task->progress_within_ms | task->finish_within_ms) == 0)
		return json_write_plain(to, "null");
	to = json_write_plain(to, "{\"start_within_ms\":");
	to = json_write_number_or_null(to, task->start_within_ms);
	to = json_write_key(to, "progress_within_ms");
	to = json_write_number_or_null(to, task->progress_within_ms);
	to = json_write_key(to, "finish_within_ms");
	to = json_write_number_or_null(to, task->finish_within_ms);
	*to++ = '}';
	return to;
}

static char *write_ending(char *to, const struct trackd_task *task)
{
	bool completed = task->state == TRACKD_COMPLETED;
	bool broken = task->state == TRACKD_FAILED || task->state == TRACKD_CANCELLED;

	to = json_write_optional(json_write_key(to, "result"), completed ? task->result : "");
	to = json_write_optional(json_write_key(to, "last_message"),
				 broken ? task->last_message : "");
	to = json_write_key(to, "last_progress");
	return broken ? json_write_number(to, task->last_progress) : json_write_plain(to, "null");
}

static char *write_labels(char *to, const struct trackd_task *task)
{
	const char *at = task->labels;
	struct label label;

	*to++ = '{';
	for (bool first = true; label_text_next(task->labels, &at, &label); first = false) {
		if (!first)
			*to++ = ',';
		to = json_write_text(to, label.key);
		*to++ = ':';
		to = json_write_text(to, label.value);
	}
	*to++ = '}';
	return to;
}

static char *write_eta(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	uint64_t left = time_left(task, now_ns);

	if (left == 0)
		return json_write_plain(to, "null");
	to = json_write_number(json_write_plain(to, "{\"seconds\":"),
			       (left + NS_PER_S / 2) / NS_PER_S);
	*to++ = '}';
	return to;
}

static char *write_times(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	to = write_time(json_write_key(to, "created_at"), task->created_ns);
	to = write_time(json_write_key(to, "started_at"), task->started_ns);
	to = write_time(json_write_key(to, "updated_at"), task->updated_ns);
	to = write_time(json_write_key(to, "finished_at"), task->finished_ns);
	to = json_write_key(to, "eta");
	return write_eta(to, task, now_ns);
}

static char *write_link(char *to, const char *name, const char *id, const char *below)
{
	char path[sizeof "/v1/tasks/" + TRACKD_ID_MAX + sizeof "/events"];

	snprintf(path, sizeof path, "/v1/tasks/%s%s", id, below);
	to = json_write_text(to, name);
	*to++ = ':';
	return json_write_text(to, path);
}

static char *write_links(char *to, const char *id)
{
	*to++ = '{';
	to = write_link(to, "self", id, "");
	*to++ = ',';
	to = write_link(to, "events", id, "/events");
	*to++ = ',';
	to = write_link(to, "cancel", id, "/cancel");
	*to++ = '}';
	return to;
}

static char *write_head(char *to, const struct trackd_task *task)
{
	to = json_write_text(json_write_plain(to, "{\"id\":"), task->id);
	to = json_write_text(json_write_key(to, "kind"), task->kind_name);
	to = json_write_optional(json_write_key(to, "owner"), task->owner);
	to = json_write_text(json_write_key(to, "name"), task->name);
	to = json_write_plain(json_write_plain(to, ",\"state\":\""),
			      trackd_state_name((enum trackd_state)task->state));
	to = json_write_text(json_write_plain(to, "\",\"status\":"), task->status);
	to = json_write_plain(to, trackd_state_final((enum trackd_state)task->state)
					  ? ",\"done\":true,\"progress\":"
					  : ",\"done\":false,\"progress\":");
	return json_write_number(to, task->progress);
}

size_t task_text(const struct trackd_task *task, uint64_t now_ns, char ret_text[TASK_TEXT])
{
	char *to = write_head(ret_text, task);

	to = write_present(json_write_key(to, "stage"), task);
	to = write_stages(json_write_key(to, "stages"), task, now_ns);
	to = json_write_text(json_write_key(to, "message"), task->message);
	to = write_error(json_write_key(to, "error"), task);
	to = write_cancel(json_write_key(to, "cancel"), task, now_ns);
	to = write_ending(to, task);
	to = write_labels(json_write_key(to, "labels"), task);
	to = write_limits(json_write_key(to, "limits"), task);
	to = write_worker(json_write_key(to, "worker"), task);
	to = write_times(to, task, now_ns);
	to = json_write_number(json_write_key(to, "revision"), task->revision);
	to = write_links(json_write_key(to, "links"), task->id);
	*to++ = '}';
	return (size_t)(to - ret_text);
}
