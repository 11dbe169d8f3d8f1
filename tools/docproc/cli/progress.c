/* SPDX-License-Identifier: MIT */
/* Transitions are read from the events, counts and messages from the task. */
#include "tools/docproc/cli/progress.h"
#include "tools/common/printable.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { COLUMNS = 80, BAR = 20 };

void progress_begin(struct progress *ret_progress, struct trackd *trackd, struct trackd_ref ref)
{
	const char *term = getenv("TERM");

	*ret_progress = (struct progress){ .trackd = trackd, .ref = ref };
	ret_progress->terminal = isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0;
	trackd_cursor_now(trackd, &ret_progress->cursor);
}

/* ---- On a terminal ------------------------------------------------------- */

static int columns(void)
{
	struct winsize size = { 0 };

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
									       : COLUMNS;
}

/* The number of bytes of the text that fit into the cells. */
static int fit(const char *text, int cells)
{
	mbstate_t state = { 0 };
	const char *at = text;

	while (*at != '\0') {
		wchar_t wide;
		size_t bytes = mbrtowc(&wide, at, MB_CUR_MAX, &state);
		int width = bytes > MB_CUR_MAX ? -1 : wcwidth(wide);

		if (width < 0 || cells < width)
			break;
		cells -= width;
		at += bytes;
	}
	return (int)(at - text);
}

static void draw(const struct trackd_task *task)
{
	char message[PRINTABLE_ROOM(TRACKD_MESSAGE_MAX)], bar[BAR + 1];
	char count[48] = "", line[sizeof message + 128];
	int full = task->progress * BAR / 100;

	for (int i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR] = '\0';
	if (task->total > 0)
		snprintf(count, sizeof count, " %llu/%llu", (unsigned long long)task->done,
			 (unsigned long long)task->total);
	printable_line(message, sizeof message, task->message);
	snprintf(line, sizeof line, "[%s] %3d %%  %s%s  %s", bar, task->progress, task->status,
		 count, message);
	fprintf(stderr, "\r%.*s\033[K", fit(line, columns() - 1), line);
	fflush(stderr);
}

/* ---- Without a terminal -------------------------------------------------- */

static int percent_of(const struct trackd_event *event, const struct trackd_task *task)
{
	if (event->state == TRACKD_COMPLETED)
		return 100;
	if (event->state != TRACKD_ACTIVE || event->stage < 0 || event->stage >= TRACKD_STAGES_MAX)
		return 0;
	return task->stages[event->stage].percent;
}

static void print(const struct trackd_event *event, const struct trackd_task *task)
{
	char text[PRINTABLE_ROOM(TRACKD_ERROR_MAX)] = "";
	bool present = task->state == event->state &&
		       (task->stage == event->stage || event->state != TRACKD_ACTIVE);
	bool in_stage = event->state == TRACKD_ACTIVE && event->stage >= 0 &&
			event->stage < TRACKD_STAGES_MAX;

	if (event->type == TRACKD_EVENT_CANCEL)
		return;
	/* The message of an earlier stage is not available any more. */
	if (present)
		printable_line(text, sizeof text,
			       task->state == TRACKD_FAILED ? task->error : task->message);
	fprintf(stderr, "%3d %%  %-11s  %s\n", percent_of(event, task),
		in_stage ? task->stages[event->stage].name
			 : trackd_state_name((enum trackd_state)event->state),
		text);
}

void progress_show(struct progress *progress)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_event event = TRACKD_EVENT_INIT;

	(void)trackd_dispatch(progress->trackd);
	if (trackd_copy(progress->trackd, progress->ref, &task) < 0)
		return;
	if (progress->terminal) {
		draw(&task);
		return;
	}
	while (trackd_next_event(progress->trackd, &progress->cursor, &event) > 0)
		if (event.ref.slot == progress->ref.slot &&
		    event.ref.generation == progress->ref.generation)
			print(&event, &task);
}

void progress_end(struct progress *progress)
{
	progress_show(progress);
	if (progress->terminal)
		fputs("\r\033[K", stderr);
}
