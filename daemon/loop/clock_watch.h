/* SPDX-License-Identifier: MIT */
/* Learning at once that somebody set the wall clock, or that the host woke from sleep. */
#ifndef TRACKD_DAEMON_LOOP_CLOCK_WATCH_H
#define TRACKD_DAEMON_LOOP_CLOCK_WATCH_H

#include "libclient/segment/segment.h"
#include <systemd/sd-event.h>

struct clock_watch {
	struct board *board;
	sd_event_source *source;
	int fd;
};

int clock_watch_init(struct clock_watch *watch, sd_event *event, struct board *board);
void clock_watch_free(struct clock_watch *watch);

#endif
