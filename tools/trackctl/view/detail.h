/* SPDX-License-Identifier: MIT */
/* One task on one screen, for show and top. */
#ifndef TRACKCTL_VIEW_DETAIL_H
#define TRACKCTL_VIEW_DETAIL_H

#include "tools/trackctl/session/terminal.h"
#include <stdio.h>

void detail_print(FILE *to, const struct terminal *terminal, const struct trackd_task *task);

#endif
