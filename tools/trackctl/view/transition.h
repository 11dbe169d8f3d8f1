/* SPDX-License-Identifier: MIT */
/* A transition as one line, for people or as JSON. */
#ifndef TRACKCTL_VIEW_TRANSITION_H
#define TRACKCTL_VIEW_TRANSITION_H

#include "tools/trackctl/session/ctl.h"

/* What happened to a task. A snapshot (event NULL) is how it was when watching began. */
struct transition {
	const struct trackd_event *event;
	const struct trackd_task *task; /* as it is now; NULL: it is gone */
};

/* Print it, with a line end. 0 or an exit status. */
int transition_print(struct ctl *ctl, const struct transition *transition);
int transition_print_json(struct ctl *ctl, const struct transition *transition);
/* That events were lost, or the board began anew, and the tasks are read again. */
int transition_print_reset(struct ctl *ctl);

#endif
