/* SPDX-License-Identifier: MIT */
/* One table of columns: their minimum widths, and the order in which they are dropped. */
#include "tools/trackctl/view/rows.h"
#include "tools/common/time_format.h"
#include "tools/trackctl/view/words.h"
#include <stdio.h>
#include <string.h>

enum { GAP = 2, FIRM = 2, BAR_CELLS = 20, TEXT = 3 * TRACKD_ERROR_MAX + 1 };

static const struct {
	const char *heading;
	int least, most; /* cells */
	int rank;        /* highest first; up to FIRM, shrunk only after the others */
	bool right;
} columns[ROW_COLUMNS] = {
	[ROW_ID] = { "ID", 8, 40, 0, false },
	[ROW_OWNER] = { "OWNER", 4, 16, 8, false },
	[ROW_NAME] = { "NAME", 12, 40, 5, false },
	[ROW_STATUS] = { "STATUS", 8, 32, 1, false },
	[ROW_PROGRESS] = { "%", 4, 4, 2, true },
	[ROW_BAR] = { "", 8, BAR_CELLS, 3, false },
	[ROW_WORK] = { "WORK", 3, 20, 4, true },
	[ROW_RATE] = { "RATE", 4, 10, 9, true },
	[ROW_ETA] = { "ETA", 4, 6, 7, true },
	[ROW_TIME] = { "TIME", 4, 6, 6, true },
	[ROW_WORKER] = { "WORKER", 6, 24, 11, false },
	[ROW_MESSAGE] = { "MESSAGE", 10, 200, 10, false },
};

/* ---- Texts ------------------------------------------------------------- */

static void span(char *to, size_t size, uint64_t ns)
{
	char text[MOMENT_TEXT];

	time_format_short(text, ns);
	snprintf(to, size, "%s", text);
}

static void time_text(const struct trackd_task *task, uint64_t now_ns, char *to, size_t size)
{
	uint64_t until = task->finished_ns ? task->finished_ns : now_ns;

	if (task->started_ns != 0)
		span(to, size, time_between(task->started_ns, until));
}

/* The text of a column for a task, not yet printable. */
static void column_text(enum row_column column, const struct terminal *terminal,
			const struct trackd_task *task, uint64_t now_ns, char to[TEXT])
{
	uint64_t left;

	to[0] = '\0';
	switch (column) {
	case ROW_ID:
		snprintf(to, TEXT, "%s", task->id);
		break;
	case ROW_OWNER:
		snprintf(to, TEXT, "%s", task->owner);
		break;
	case ROW_NAME:
		snprintf(to, TEXT, "%s", strcmp(task->name, task->id) == 0 ? "" : task->name);
		break;
	case ROW_STATUS:
		words_status(terminal, to, task);
		break;
	case ROW_PROGRESS:
		snprintf(to, TEXT, "%u%%", task->progress);
		break;
	case ROW_BAR:
		break;
	case ROW_WORK:
		words_work(to, task->done, task->total);
		break;
	case ROW_RATE:
		words_rate(to, task, now_ns);
		break;
	case ROW_ETA:
		left = time_left(task, now_ns);
		if (left != 0)
			span(to, TEXT, left);
		break;
	case ROW_TIME:
		time_text(task, now_ns, to, TEXT);
		break;
	case ROW_WORKER:
		if (task->state == TRACKD_ACTIVE)
			words_worker(to, task);
		break;
	case ROW_MESSAGE:
		snprintf(to, TEXT, "%s",
			 task->state == TRACKD_FAILED && task->error[0] ? task->error
									: task->message);
		break;
	case ROW_COLUMNS:
		break;
	}
}

/* ---- Widths ------------------------------------------------------------ */

void rows_begin(struct rows *rows)
{
	*rows = (struct rows){ .now_ns = time_now() };
	rows->cells[ROW_BAR] = BAR_CELLS;
}

void rows_measure(struct rows *rows, const struct terminal *terminal,
		  const struct trackd_task *task)
{
	char raw[TEXT], safe[TEXT];

	for (int i = 0; i < ROW_COLUMNS; i++) {
		if (i == ROW_BAR)
			continue;
		column_text((enum row_column)i, terminal, task, rows->now_ns, raw);
		int cells = terminal_text(terminal, safe, sizeof safe, raw, columns[i].most);
		if (cells > rows->cells[i])
			rows->cells[i] = cells;
	}
}

/* The widest column that may still shrink, or -1. firm: also those that should keep their width. */
static int shrinkable(const struct rows *rows, bool firm)
{
	int best = -1;

	for (int i = 0; i < ROW_COLUMNS; i++)
		if (rows->cells[i] > columns[i].least && !columns[i].right &&
		    (firm || columns[i].rank > FIRM) &&
		    (best < 0 || rows->cells[i] > rows->cells[best]))
			best = i;
	return best;
}

static int least_important(const struct rows *rows)
{
	int worst = -1;

	for (int i = 0; i < ROW_COLUMNS; i++)
		if (rows->cells[i] > 0 && (worst < 0 || columns[i].rank > columns[worst].rank))
			worst = i;
	return worst;
}

static int total(const struct rows *rows)
{
	int cells = -GAP;

	for (int i = 0; i < ROW_COLUMNS; i++)
		if (rows->cells[i] > 0)
			cells += rows->cells[i] + GAP;
	return cells;
}

static int n_columns(const struct rows *rows)
{
	int n = 0;

	for (int i = 0; i < ROW_COLUMNS; i++)
		n += rows->cells[i] > 0;
	return n;
}

void rows_fit(struct rows *rows, int width)
{
	/* A column is at least as wide as its heading, so that the heading is above it. */
	for (int i = 0; i < ROW_COLUMNS; i++) {
		int heading = (int)strlen(columns[i].heading);
		if (rows->cells[i] > 0 && rows->cells[i] < heading)
			rows->cells[i] = heading;
	}
	while (total(rows) > width) {
		int least = least_important(rows);
		int i = shrinkable(rows, columns[least].rank <= FIRM);

		if (i >= 0)
			rows->cells[i]--;
		else if (n_columns(rows) > 1)
			rows->cells[least] = 0;
		else
			break;
	}
	if (rows->cells[ROW_ID] > width)
		rows->cells[ROW_ID] = width > 0 ? width : 1;
}

/* ---- Lines ------------------------------------------------------------- */

struct line {
	char *to;
	size_t length;
	int pending; /* blanks to write before the next text */
	bool any;
};

static void add(struct line *line, const char *text)
{
	size_t length = strlen(text);

	if (line->length + (size_t)line->pending + length >= ROW_BYTES)
		return;
	memset(line->to + line->length, ' ', (size_t)line->pending);
	line->length += (size_t)line->pending;
	memcpy(line->to + line->length, text, length + 1);
	line->length += length;
	line->pending = 0;
}

static void add_cell(struct line *line, const char *text, int used, int cells, bool right)
{
	int blanks = cells > used ? cells - used : 0;

	line->pending += (line->any ? GAP : 0) + (right ? blanks : 0);
	line->any = true;
	if (text[0] != '\0')
		add(line, text);
	line->pending += right ? 0 : blanks;
}

void rows_heading(const struct rows *rows, const struct terminal *terminal, char to[ROW_BYTES])
{
	struct line line = { .to = to };
	char text[TEXT];

	to[0] = '\0';
	for (int i = 0; i < ROW_COLUMNS; i++) {
		if (rows->cells[i] == 0)
			continue;
		int used = terminal_text(terminal, text, sizeof text, columns[i].heading,
					 rows->cells[i]);
		add_cell(&line, text, used, rows->cells[i], columns[i].right);
	}
}

void rows_line(const struct rows *rows, const struct terminal *terminal,
	       const struct trackd_task *task, char to[ROW_BYTES])
{
	struct line line = { .to = to };
	char raw[TEXT], text[TEXT];

	to[0] = '\0';
	for (int i = 0; i < ROW_COLUMNS; i++) {
		int cells = rows->cells[i], used = cells;

		if (cells == 0)
			continue;
		if (i == ROW_BAR) {
			terminal_bar(terminal, text, sizeof text, task->progress, cells);
		} else {
			column_text((enum row_column)i, terminal, task, rows->now_ns, raw);
			used = terminal_text(terminal, text, sizeof text, raw, cells);
		}
		add_cell(&line, text, used, cells, columns[i].right);
	}
}
