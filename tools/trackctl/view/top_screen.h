/* SPDX-License-Identifier: MIT */
/* The full-screen top: the loop and its keys. */
#ifndef TRACKCTL_VIEW_TOP_SCREEN_H
#define TRACKCTL_VIEW_TOP_SCREEN_H

#include "tools/trackctl/view/top_model.h"

/* Run until the user quits. 0 or an exit status; the terminal is restored. */
int top_screen_run(struct top_model *model, int64_t delay_ms);

#endif
