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
	double width; /* a hint for libsmartcols: below 1 a share of the table, otherwise cells */
	bool right, cut, styled;
};

/* Parse "id,status", "+worker" (in addition to the usual columns), or NULL for the usual ones.
 * Returns the number of columns, or -1 after a message. */
int columns_parse(const struct terminal *terminal, const char *list,
		  const struct column *ret_columns[COLUMNS_MAX]);

/* Print the available columns. */
void columns_help(void);

#endif
