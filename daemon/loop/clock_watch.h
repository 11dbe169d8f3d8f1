/* SPDX-License-Identifier: MIT */
/* Detects at once that the wall clock was set or that the host resumed from suspend. */
#ifndef TRACKD_DAEMON_LOOP_CLOCK_WATCH_H
#define TRACKD_DAEMON_LOOP_CLOCK_WATCH_H

#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

struct clock_watch {
	struct board *board;
	sd_event_source *source;
	int fd;
};

int clock_watch_init(struct clock_watch *watch, sd_event *event, struct board *board);
void clock_watch_free(struct clock_watch *watch);

#endif
