/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/task_text.h"
#include "libclient/segment/internal.h"
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

/* A list's times are of few days, so the date of the last one mostly fits. One thread. */
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
	to = json_write_plain(to, "{\"name\":");
	to = json_write_text(to, stage->name);
	to = json_write_plain(to, ",\"state\":\"");
	to = json_write_plain(to, task_stage_state_name(task, stage));
	to = json_write_plain(to, "\",\"started_at\":");
	to = write_time(to, stage->started_ns);
	to = json_write_plain(to, ",\"finished_at\":");
	to = write_time(to, stage->finished_ns);
	to = json_write_plain(to, ",\"duration_ms\":");
	to = write_duration(to, stage, now_ns);
	to = json_write_plain(to, ",\"done\":");
	to = json_write_number(to, stage->done);
	to = json_write_plain(to, ",\"total\":");
	to = json_write_number_or_null(to, stage->total);
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
	to = json_write_plain(to, "{\"name\":");
	to = json_write_text(to, name);
	to = json_write_plain(to, ",\"index\":");
	to = json_write_number(to, (uint64_t)task->stage);
	to = json_write_plain(to, ",\"count\":");
	to = json_write_number(to, task->n_stages);
	to = json_write_plain(to, ",\"done\":");
	to = json_write_number(to, task->done);
	to = json_write_plain(to, ",\"total\":");
	to = json_write_number_or_null(to, task->total);
	*to++ = '}';
	return to;
}

/* ---- The rest ------------------------------------------------------------ */

static char *write_error(char *to, const struct trackd_task *task)
{
	const char *name = present_name(task);
	char shown[TRACKD_ERROR_MAX + 1];

	if (task->state != TRACKD_FAILED)
		return json_write_plain(to, "null");
	public_task_error(task, shown);
	to = json_write_plain(to, "{\"reason\":\"");
	to = json_write_plain(to, trackd_reason_name((enum trackd_reason)task->reason));
	to = json_write_plain(to, "\",\"message\":");
	to = json_write_optional(to, shown);
	to = json_write_plain(to, ",\"stage\":");
	to = name ? json_write_text(to, name) : json_write_plain(to, "null");
	*to++ = '}';
	return to;
}

static char *write_cancel(char *to, uint64_t requested_ns)
{
	if (requested_ns == 0)
		return json_write_plain(to, "null");
	to = json_write_plain(to, "{\"requested_at\":");
	to = write_time(to, requested_ns);
	*to++ = '}';
	return to;
}

static char *write_eta(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	uint64_t left = time_left(task, now_ns);

	if (left == 0)
		return json_write_plain(to, "null");
	to = json_write_plain(to, "{\"seconds\":");
	to = json_write_number(to, (left + NS_PER_S / 2) / NS_PER_S);
	*to++ = '}';
	return to;
}

static char *write_times(char *to, const struct trackd_task *task, uint64_t now_ns)
{
	to = json_write_plain(to, ",\"created_at\":");
	to = write_time(to, task->created_ns);
	to = json_write_plain(to, ",\"started_at\":");
	to = write_time(to, task->started_ns);
	to = json_write_plain(to, ",\"updated_at\":");
	to = write_time(to, task->updated_ns);
	to = json_write_plain(to, ",\"finished_at\":");
	to = write_time(to, task->finished_ns);
	to = json_write_plain(to, ",\"eta\":");
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
	to = json_write_plain(to, "{\"id\":");
	to = json_write_text(to, task->id);
	to = json_write_plain(to, ",\"kind\":");
	to = json_write_text(to, task->kind_name);
	to = json_write_plain(to, ",\"owner\":");
	to = json_write_optional(to, task->owner);
	to = json_write_plain(to, ",\"name\":");
	to = json_write_text(to, task->name);
	to = json_write_plain(to, ",\"state\":\"");
	to = json_write_plain(to, trackd_state_name((enum trackd_state)task->state));
	to = json_write_plain(to, "\",\"status\":");
	to = json_write_text(to, task->status);
	to = json_write_plain(to, trackd_state_final((enum trackd_state)task->state)
					  ? ",\"done\":true,\"progress\":"
					  : ",\"done\":false,\"progress\":");
	return json_write_number(to, task->progress);
}

size_t task_text(const struct trackd_task *task, uint64_t now_ns, char ret_text[TASK_TEXT])
{
	char *to = write_head(ret_text, task);

	to = json_write_plain(to, ",\"stage\":");
	to = write_present(to, task);
	to = json_write_plain(to, ",\"stages\":");
	to = write_stages(to, task, now_ns);
	to = json_write_plain(to, ",\"message\":");
	to = json_write_text(to, task->message);
	to = json_write_plain(to, ",\"error\":");
	to = write_error(to, task);
	to = json_write_plain(to, ",\"cancel\":");
	to = write_cancel(to, task->cancel_requested_ns);
	to = write_times(to, task, now_ns);
	to = json_write_plain(to, ",\"revision\":");
	to = json_write_number(to, task->revision);
	to = json_write_plain(to, ",\"links\":");
	to = write_links(to, task->id);
	*to++ = '}';
	return (size_t)(to - ret_text);
}
