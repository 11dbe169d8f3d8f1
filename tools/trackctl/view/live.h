/* SPDX-License-Identifier: MIT */
/*
 * A block of lines at the bottom of what a terminal has shown, redrawn in place. What is printed
 * while it is hidden scrolls away above it and stays in the terminal's history.
 */
#ifndef TRACKCTL_VIEW_LIVE_H
#define TRACKCTL_VIEW_LIVE_H

#include "tools/trackctl/session/ctl.h"

struct live {
	int lines; /* that stand there now */
	bool cursor_hidden;
};

/* Take the block away, before something else is printed. */
void live_hide(struct live *live);
/* Show these tasks, as many as the terminal's height allows; more: how many others there are. */
void live_show(struct live *live, struct ctl *ctl, const struct trackd_task *tasks, size_t n,
	       size_t more);
/* Leave the block as it stands and give the cursor back. */
void live_end(struct live *live);

#endif
