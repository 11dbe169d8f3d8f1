/* SPDX-License-Identifier: MIT */
/* One function per column, and one table of them. An empty text makes an empty cell. */
#include "tools/trackctl/view/columns.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/view/words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BAR_CELLS = 12 };

#define COLUMN(name)                                                                               \
	static void column_##name(const struct ctl *ctl, const struct trackd_task *task,           \
				  uint64_t now_ns, char *to, size_t size)

/* Most columns need only some of the arguments. */
#define UNUSED() ((void)ctl, (void)task, (void)now_ns)

static void put(const struct ctl *ctl, char *to, size_t size, const char *text)
{
	terminal_text(&ctl->terminal, to, size, text, 0);
}

static void put_time(char *to, size_t size, uint64_t wall_ns, uint64_t now_ns)
{
	char text[MOMENT_TEXT] = "";

	if (wall_ns != 0)
		time_format_local(text, wall_ns, now_ns);
	snprintf(to, size, "%s", text);
}

static void put_span(char *to, size_t size, uint64_t from, uint64_t until)
{
	char text[MOMENT_TEXT] = "";

	if (from != 0)
		time_format_short(text, time_between(from, until));
	snprintf(to, size, "%s", text);
}

COLUMN(id)
{
	UNUSED();
	put(ctl, to, size, task->id);
}

COLUMN(kind)
{
	UNUSED();
	put(ctl, to, size, task->kind_name);
}

COLUMN(owner)
{
	UNUSED();
	put(ctl, to, size, task->owner);
}

COLUMN(name)
{
	UNUSED();
	/* A task without a name has its id as the name: show it only once. */
	put(ctl, to, size, strcmp(task->name, task->id) == 0 ? "" : task->name);
}

COLUMN(status)
{
	char words[WORDS];

	UNUSED();
	words_status(&ctl->terminal, words, task);
	put(ctl, to, size, words);
}

COLUMN(state)
{
	UNUSED();
	snprintf(to, size, "%s", trackd_state_name((enum trackd_state)task->state));
}

COLUMN(reason)
{
	UNUSED();
	snprintf(to, size, "%s",
		 task->reason == TRACKD_REASON_NONE
			 ? ""
			 : trackd_reason_name((enum trackd_reason)task->reason));
}

COLUMN(progress)
{
	UNUSED();
	snprintf(to, size, "%u%%", task->progress);
}

COLUMN(bar)
{
	UNUSED();
	to[0] = '\0';
	if (task->state != TRACKD_PENDING && task->state != TRACKD_COMPLETED)
		terminal_bar(&ctl->terminal, to, size, task->progress, BAR_CELLS);
}

COLUMN(stage)
{
	UNUSED();
	to[0] = '\0';
	if (task->stage >= 0)
		snprintf(to, size, "%d/%u", task->stage + 1, task->n_stages);
}

COLUMN(work)
{
	char words[WORDS];

	UNUSED();
	words_work(words, task->done, task->total);
	put(ctl, to, size, words);
}

COLUMN(rate)
{
	char words[WORDS];

	UNUSED();
	words_rate(words, task, now_ns);
	put(ctl, to, size, words);
}

COLUMN(eta)
{
	char text[MOMENT_TEXT];
	uint64_t left = time_left(task, now_ns);

	UNUSED();
	to[0] = '\0';
	if (left == 0)
		return;
	time_format_short(text, left);
	snprintf(to, size, "%s", text);
}

/* How long it is from one moment to another; and a moment. */
#define SPAN_COLUMN(name, from_ns, to_ns)                                                          \
	COLUMN(name)                                                                               \
	{                                                                                          \
		UNUSED();                                                                          \
		put_span(to, size, (from_ns), (to_ns));                                            \
	}
#define MOMENT_COLUMN(name, ns)                                                                    \
	COLUMN(name)                                                                               \
	{                                                                                          \
		UNUSED();                                                                          \
		put_time(to, size, (ns), now_ns);                                                  \
	}

SPAN_COLUMN(age, task->created_ns, now_ns)
SPAN_COLUMN(time, task->started_ns, task->finished_ns ? task->finished_ns : now_ns)
SPAN_COLUMN(idle, task->updated_ns, now_ns)
MOMENT_COLUMN(created, task->created_ns)
MOMENT_COLUMN(started, task->started_ns)
MOMENT_COLUMN(updated, task->updated_ns)
MOMENT_COLUMN(finished, task->finished_ns)

COLUMN(expires)
{
	UNUSED();
	to[0] = '\0';
	if (task->expires_ns == UINT64_MAX)
		snprintf(to, size, "never");
	else
		put_time(to, size, task->expires_ns, now_ns);
}

COLUMN(worker)
{
	char words[WORDS];

	UNUSED();
	to[0] = '\0';
	if (task->state != TRACKD_ACTIVE)
		return;
	words_worker(words, task);
	put(ctl, to, size, words);
}

COLUMN(pid)
{
	UNUSED();
	to[0] = '\0';
	if (task->worker_pid > 0)
		snprintf(to, size, "%d", (int)task->worker_pid);
}

MOMENT_COLUMN(cancel, task->cancel_requested_ns)

COLUMN(message)
{
	UNUSED();
	/* For a failed task, the error says more than the message. */
	put(ctl, to, size,
	    task->state == TRACKD_FAILED && task->error[0] ? task->error : task->message);
}

COLUMN(error)
{
	UNUSED();
	put(ctl, to, size, task->error);
}

COLUMN(result)
{
	UNUSED();
	put(ctl, to, size, task->result);
}

COLUMN(labels)
{
	char words[WORDS_LABELS];

	UNUSED();
	words_labels(words, task);
	put(ctl, to, size, words);
}

COLUMN(last)
{
	UNUSED();
	put(ctl, to, size, words_broken(task) ? task->last_message : "");
}

COLUMN(revision)
{
	UNUSED();
	snprintf(to, size, "%" PRIu64, task->revision);
}

static const struct column columns[] = {
	{ "ID", "the task's id", column_id, 10, false, false, false },
	{ "KIND", "its kind, which defines the stages", column_kind, 8, false, false, false },
	{ "OWNER", "its owner", column_owner, 5, false, true, false },
	{ "NAME", "for people", column_name, 0.2, false, true, false },
	{ "STATUS", "stage while active, otherwise state and reason", column_status, 9, false,
	  false, true },
	{ "PROGRESS", "per cent", column_progress, 4, true, false, false },
	{ "BAR", "the same as a bar, unless pending or completed", column_bar, BAR_CELLS, false,
	  false, true },
	{ "WORK", "done/total of the stage", column_work, 5, true, false, false },
	{ "RATE", "units per second", column_rate, 5, true, false, false },
	{ "ETA", "estimated time to the end", column_eta, 5, true, false, false },
	{ "AGE", "since it was created", column_age, 5, true, false, false },
	{ "TIME", "since it was started, or from start to end", column_time, 5, true, false,
	  false },
	{ "IDLE", "since its last update", column_idle, 5, true, false, false },
	{ "WORKER", "process that works on it", column_worker, 8, false, false, false },
	{ "MESSAGE", "its last message, or its error", column_message, 0.3, false, true, false },
	{ "STATE", "pending, active, completed, failed or cancelled", column_state, 9, false, false,
	  true },
	{ "REASON", "why it ended", column_reason, 8, false, false, false },
	{ "STAGE", "number of the stage / number of stages", column_stage, 4, true, false, false },
	{ "PID", "of its last worker", column_pid, 5, true, false, false },
	{ "CREATED", "when", column_created, 8, false, false, false },
	{ "STARTED", "when", column_started, 8, false, false, false },
	{ "UPDATED", "when", column_updated, 8, false, false, false },
	{ "FINISHED", "when", column_finished, 8, false, false, false },
	{ "EXPIRES", "when", column_expires, 8, false, false, false },
	{ "CANCEL", "when it was asked to stop", column_cancel, 8, false, false, false },
	{ "ERROR", "what went wrong", column_error, 0.3, false, true, false },
	{ "RESULT", "what it came to", column_result, 0.3, false, true, false },
	{ "LAST", "its message before it failed or was cancelled", column_last, 0.3, false, true,
	  false },
	{ "LABELS", "given at its creation", column_labels, 0.2, false, true, false },
	{ "REVISION", "number of its version", column_revision, 4, true, false, false },
};

/* The usual columns depend on the available width. */
static const char *usual(const struct terminal *terminal)
{
	if (!terminal->tty || terminal->width >= 110)
		return "ID,KIND,OWNER,NAME,STATUS,PROGRESS,BAR,WORK,TIME,WORKER,MESSAGE";
	if (terminal->width >= 70)
		return "ID,KIND,OWNER,NAME,STATUS,PROGRESS,WORK,TIME,MESSAGE";
	return "ID,STATUS,PROGRESS";
}

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

static const struct column *find(const char *name, size_t length)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (strlen(columns[i].name) == length &&
		    strncasecmp(columns[i].name, name, length) == 0)
			return &columns[i];
	return NULL;
}

static int parse(const char *list, const struct column *ret_columns[COLUMNS_MAX], int n)
{
	while (n >= 0 && n < COLUMNS_MAX) {
		size_t length = strcspn(list, ",");
		const struct column *column = find(list, length);

		if (!column) {
			ctl_fail(EXIT_CODE_USAGE,
				 "no column \"%.*s\"; trackctl ls --columns lists them",
				 (int)length, list);
			return -1;
		}
		ret_columns[n++] = column;
		if (list[length] == '\0')
			break;
		list += length + 1;
	}
	return n;
}

int columns_parse(const struct terminal *terminal, const char *list,
		  const struct column *ret_columns[COLUMNS_MAX])
{
	if (list && list[0] != '+')
		return parse(list, ret_columns, 0);
	int n = parse(usual(terminal), ret_columns, 0);
	return list ? parse(list + 1, ret_columns, n) : n;
}

void columns_help(void)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		printf("%-9s %s\n", columns[i].name, columns[i].help);
}
