/* SPDX-License-Identifier: MIT */
/*
 * A block of lines at the bottom of the terminal, redrawn in place. Output printed while it is
 * hidden scrolls up above it and stays in the terminal's history.
 */
#ifndef TRACKCTL_VIEW_LIVE_H
#define TRACKCTL_VIEW_LIVE_H

#include "tools/trackctl/session/ctl.h"

struct live {
	int lines; /* lines shown now */
	bool cursor_hidden;
};

/* Erase the block before other output. */
void live_hide(struct live *live);
/* Show these tasks, as many as fit on the terminal; more: the number of further tasks. */
void live_show(struct live *live, struct ctl *ctl, const struct trackd_task *tasks, size_t n,
	       size_t more);
/* Leave the block in place and restore the cursor. */
void live_end(struct live *live);

#endif
