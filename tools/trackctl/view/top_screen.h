/* SPDX-License-Identifier: MIT */
/* top on a whole screen: drawing, and what the keys do. */
#ifndef TRACKCTL_VIEW_TOP_SCREEN_H
#define TRACKCTL_VIEW_TOP_SCREEN_H

#include "tools/trackctl/view/top_model.h"

/* Until the user leaves. 0 or an exit status; the terminal is as it was before. */
int top_screen_run(struct top_model *model, int64_t delay_ms);

#endif
