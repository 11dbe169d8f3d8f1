/* SPDX-License-Identifier: MIT */
/*
 * Tasks as aligned lines, cut to a width, for output that is redrawn in place (watch, top). The
 * widths come from the tasks shown; if there is too little room, the least important columns are
 * dropped first.
 */
#ifndef TRACKCTL_VIEW_ROWS_H
#define TRACKCTL_VIEW_ROWS_H

#include "tools/trackctl/session/ctl.h"

enum row_column {
	ROW_ID,
	ROW_OWNER,
	ROW_NAME,
	ROW_STATUS,
	ROW_PROGRESS,
	ROW_BAR,
	ROW_WORK,
	ROW_RATE,
	ROW_ETA,
	ROW_TIME,
	ROW_WORKER,
	ROW_MESSAGE,
	ROW_COLUMNS
};

enum { ROW_BYTES = 4096 };

struct rows {
	int cells[ROW_COLUMNS]; /* 0: left out */
	uint64_t now_ns;
};

void rows_begin(struct rows *rows);
void rows_measure(struct rows *rows, const struct terminal *terminal,
		  const struct trackd_task *task);
/* Make the columns fit, after all tasks were measured. */
void rows_fit(struct rows *rows, int width);

/* Write a line of at most the width given to rows_fit(), without trailing blanks. */
void rows_heading(const struct rows *rows, const struct terminal *terminal, char to[ROW_BYTES]);
void rows_line(const struct rows *rows, const struct terminal *terminal,
	       const struct trackd_task *task, char to[ROW_BYTES]);

#endif
