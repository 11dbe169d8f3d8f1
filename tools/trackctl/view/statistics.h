/* SPDX-License-Identifier: MIT */
/* The board's statistics, as JSON and as text, for stats and top. */
#ifndef TRACKCTL_VIEW_STATISTICS_H
#define TRACKCTL_VIEW_STATISTICS_H

#include "tools/trackctl/session/ctl.h"

/* 0 or an exit status. */
int statistics_read(struct ctl *ctl, struct trackd_stats *ret_stats);
json_t *statistics_json(const struct trackd_stats *stats);
void statistics_print(const struct ctl *ctl, const struct trackd_stats *stats);

/* Whether the board's last daemon is still running. -1: unknown. */
int statistics_daemon_alive(const struct trackd_stats *stats);

#endif
