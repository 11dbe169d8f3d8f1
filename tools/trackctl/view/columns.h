/* SPDX-License-Identifier: MIT */
/* The columns that a table of tasks can have. */
#ifndef TRACKCTL_VIEW_COLUMNS_H
#define TRACKCTL_VIEW_COLUMNS_H

#include "tools/trackctl/session/ctl.h"

enum { COLUMN_TEXT = 3 * TRACKD_ERROR_MAX + 1, COLUMNS_MAX = 48 };

struct column {
	const char *name;
	const char *help;
	void (*text)(const struct ctl *ctl, const struct trackd_task *task, uint64_t now_ns,
		     char *to, size_t size);
	double width; /* a hint for libsmartcols: below 1 part of the table, else cells */
	bool right, cut, styled;
};

/* Number i, or NULL behind the last. */
const struct column *column_at(size_t i);
const struct column *column_find(const char *name, size_t length);

/* "id,status" or "+worker" (what is usual, and more), or NULL for what is usual. Returns the number
 * of columns, or -1 after a message. */
int columns_parse(const struct terminal *terminal, const char *list,
		  const struct column *ret_columns[COLUMNS_MAX]);

/* Print what columns there are. */
void columns_help(void);

#endif
