/* SPDX-License-Identifier: MIT */
/*
 * Draws top: the list, one task in detail, the help. A screen may be a single line high: what does
 * not fit is left out, the selected task last.
 */
#include "tools/trackctl/view/top_draw.h"
#include "tools/trackctl/view/detail.h"
#include "tools/trackctl/view/rows.h"
#include "tools/trackctl/view/statistics.h"
#include <curses.h>
#include <stdlib.h>
#include <string.h>

static const char *const help_lines[] = {
	"up down, j k      select a task",
	"page up/down, g G move by pages, to the top, to the end",
	"enter             details of the selected task",
	"s                 sort by the next column; S the other way round",
	"/                 search id, name, owner, kind, status, message",
	"escape            back; without a search",
	"c                 cancel the selected task (asks for confirmation)",
	"f, space          freeze and continue",
	"h, ?              this help",
	"q                 quit",
};

/* ---- Drawing ----------------------------------------------------------- */

static attr_t attribute(const struct top_screen *screen, enum style style)
{
	switch (style) {
	case STYLE_PLAIN:
		return A_NORMAL;
	case STYLE_BOLD:
		return A_BOLD;
	case STYLE_DIM:
		return A_DIM;
	case STYLE_GOOD:
	case STYLE_BAD:
	case STYLE_WARN:
	case STYLE_BUSY:
		return screen->color ? (attr_t)COLOR_PAIR((int)style) : A_NORMAL;
	}
	return A_NORMAL;
}

/* One line, cut to the screen; whole: the attribute extends to the end of the line. */
static void put(const struct top_screen *screen, int y, attr_t attributes, const char *text,
		bool whole)
{
	char safe[ROW_BYTES];

	if (y < 0 || y >= LINES)
		return;
	terminal_text(&screen->terminal, safe, sizeof safe, text, COLS);
	attrset((int)attributes);
	if (whole)
		mvhline(y, 0, ' ' | attributes, COLS);
	mvaddstr(y, 0, safe);
	attrset((int)A_NORMAL);
}

void top_summary(const struct top_model *model, char *to, size_t size)
{
	const struct trackd_stats *stats = &model->stats;

	snprintf(to, size,
		 "%s  %u/%u  %u active, %u pending, %u completed, %u failed, %u cancelled%s",
		 stats->board, stats->used, stats->capacity, stats->active, stats->pending,
		 stats->completed, stats->failed, stats->cancelled,
		 statistics_daemon_alive(stats) == 0 ? "  daemon not running" : "");
}

static void draw_header(const struct top_screen *screen)
{
	const struct top_model *model = screen->model;
	char text[512];

	top_summary(model, text, sizeof text);
	put(screen, 0, A_BOLD, text, false);
	snprintf(text, sizeof text, "sorted by %s%s%s%s%s%s", top_order_name(model->order),
		 model->reverse ? " (reversed)" : "", model->search[0] ? "  search: " : "",
		 model->search, model->search[0] && model->n == 0 ? "  (none found)" : "",
		 screen->frozen ? "  FROZEN" : "");
	put(screen, 1, A_NORMAL, text, false);
}

static void draw_footer(const struct top_screen *screen)
{
	char text[512];

	switch (screen->mode) {
	case TOP_MODE_SEARCH:
		snprintf(text, sizeof text, "search: %s_", screen->model->search);
		break;
	case TOP_MODE_CANCEL:
		snprintf(text, sizeof text, "cancel %s? y/n", screen->subject.id);
		break;
	case TOP_MODE_DETAIL:
	case TOP_MODE_HELP:
		snprintf(text, sizeof text, "escape back  q quit");
		break;
	case TOP_MODE_LIST:
		snprintf(text, sizeof text, "%s",
			 screen->notice[0] ? screen->notice
					   : "h help  s sort  / search  enter detail  c cancel  "
					     "f freeze  q quit");
		break;
	}
	put(screen, LINES - 1, A_REVERSE, text, true);
}

/* The first line of the list. On a low screen the header, headings and footer are left out. */
static int list_top(void)
{
	return LINES >= 6 ? 3 : 0;
}

int top_draw_height(void)
{
	int height = LINES - list_top() - (LINES >= 2);

	return height > 0 ? height : 0;
}

static void draw_list(const struct top_screen *screen)
{
	const struct top_model *model = screen->model;
	char text[ROW_BYTES];
	struct rows rows;

	rows_begin(&rows);
	for (size_t i = 0; i < model->n_rows; i++)
		rows_measure(&rows, &screen->terminal, &model->rows[i]);
	rows_fit(&rows, COLS);
	if (list_top() > 0) {
		draw_header(screen);
		rows_heading(&rows, &screen->terminal, text);
		put(screen, 2, A_UNDERLINE, text, true);
	}
	for (size_t i = 0; i < model->n_rows; i++) {
		const struct trackd_task *task = &model->rows[i];
		enum style style = terminal_state_style((enum trackd_state)task->state);
		bool selected = model->first + i == model->selected;

		rows_line(&rows, &screen->terminal, task, text);
		put(screen, list_top() + (int)i,
		    attribute(screen, style) | (selected ? A_REVERSE : A_NORMAL), text, selected);
	}
	if (model->n == 0 && !model->search[0])
		put(screen, list_top(), A_DIM, "no tasks on this board", false);
}

/* The output of show, as lines. */
static void draw_detail(const struct top_screen *screen)
{
	struct terminal plain = screen->terminal;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	plain.color = plain.tty = false;
	plain.width = COLS;
	detail_print(to, &plain, &screen->subject);
	fclose(to);
	int y = 0;
	for (char *line = text; line && *line != '\0' && y < LINES - 1; y++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		put(screen, y, A_NORMAL, line, false);
		line = end ? end + 1 : NULL;
	}
	free(text);
}

static void draw_help(const struct top_screen *screen)
{
	for (int i = 0; i < (int)(sizeof help_lines / sizeof help_lines[0]); i++)
		if (i < LINES - 1)
			put(screen, i, A_NORMAL, help_lines[i], false);
}

void top_draw(const struct top_screen *screen)
{
	erase();
	switch (screen->mode) {
	case TOP_MODE_DETAIL:
		draw_detail(screen);
		break;
	case TOP_MODE_HELP:
		draw_help(screen);
		break;
	case TOP_MODE_LIST:
	case TOP_MODE_SEARCH:
	case TOP_MODE_CANCEL:
		draw_list(screen);
		break;
	}
	if (LINES >= 2 || screen->mode == TOP_MODE_CANCEL)
		draw_footer(screen);
	refresh();
}
