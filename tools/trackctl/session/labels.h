/* SPDX-License-Identifier: MIT */
/* Labels on the command line: those of a new task, and those that a list shows. */
#ifndef TRACKCTL_SESSION_LABELS_H
#define TRACKCTL_SESSION_LABELS_H

#include "libclient/trackd.h"
#include "tools/common/option.h"

/* --label may be given as often as a task may have labels. */
struct labels {
	const char *text[TRACKD_LABELS_MAX + 1]; /* NULL after the last */
	unsigned n;
};

option_setter labels_set;        /* struct labels: KEY=VALUE */
option_setter labels_set_wanted; /* struct labels: KEY or KEY=VALUE */

/* Whether a task's labels have all that are wanted. */
bool labels_pass(const struct labels *wanted, const char *text);

#endif
