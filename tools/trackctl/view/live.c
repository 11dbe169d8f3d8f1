/* SPDX-License-Identifier: MIT */
/* The whole block is written with one write, so that it is never seen half drawn. */
#include "tools/trackctl/view/live.h"
#include "tools/trackctl/view/rows.h"
#include <stdio.h>
#include <string.h>

#define CURSOR_OFF "\033[?25l"
#define CURSOR_ON "\033[?25h"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

static void go_up(struct live *live)
{
	if (live->lines > 0)
		printf("\r\033[%dA", live->lines);
	live->lines = 0;
}

void live_hide(struct live *live)
{
	bool any = live->lines > 0;

	go_up(live);
	if (any)
		printf(ERASE_BELOW);
	/* The next output may go to standard error. */
	fflush(stdout);
}

static void line(struct live *live, const char *on, const char *text, const char *off)
{
	printf("%s%s%s" ERASE_LINE "\n", on, text, off);
	live->lines++;
}

void live_show(struct live *live, struct ctl *ctl, const struct trackd_task *tasks, size_t n,
	       size_t more)
{
	struct terminal *terminal = &ctl->terminal;
	const char *off = terminal_off(terminal);
	char text[ROW_BYTES];
	struct rows rows;

	terminal_measure(terminal);
	size_t room = terminal->height > 4 ? (size_t)terminal->height - 3 : 1;
	size_t shown = n < room ? n : room;
	more += n - shown;
	rows_begin(&rows);
	for (size_t i = 0; i < shown; i++)
		rows_measure(&rows, terminal, &tasks[i]);
	rows_fit(&rows, terminal->width - 1);
	if (!live->cursor_hidden)
		printf(CURSOR_OFF);
	live->cursor_hidden = true;
	go_up(live);
	if (shown > 1 && terminal->height > 6) {
		rows_heading(&rows, terminal, text);
		line(live, terminal_on(terminal, STYLE_DIM), text, off);
	}
	for (size_t i = 0; i < shown; i++) {
		enum trackd_state state = (enum trackd_state)tasks[i].state;

		rows_line(&rows, terminal, &tasks[i], text);
		line(live, terminal_on(terminal, terminal_state_style(state)), text, off);
	}
	if (more > 0) {
		snprintf(text, sizeof text, "and %zu more", more);
		line(live, terminal_on(terminal, STYLE_DIM), text, off);
	}
	printf(ERASE_BELOW);
	fflush(stdout);
}

void live_end(struct live *live)
{
	if (live->cursor_hidden)
		printf(CURSOR_ON);
	live->cursor_hidden = false;
	fflush(stdout);
}
