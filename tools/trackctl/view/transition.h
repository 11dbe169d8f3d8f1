/* SPDX-License-Identifier: MIT */
/* Prints a transition as one line, formatted or as JSON. */
#ifndef TRACKCTL_VIEW_TRANSITION_H
#define TRACKCTL_VIEW_TRANSITION_H

#include "tools/trackctl/session/ctl.h"

/* A transition of a task. A snapshot (event NULL) is the state when watching began. */
struct transition {
	const struct trackd_event *event;
	const struct trackd_task *task; /* its present state; NULL: it is gone */
};

/* Print it, with a line end. 0 or an exit status. */
int transition_print(struct ctl *ctl, const struct transition *transition);
int transition_print_json(struct ctl *ctl, const struct transition *transition);
/* Print that events were lost or the board is new, and the tasks are read again. */
int transition_print_reset(struct ctl *ctl);

#endif
