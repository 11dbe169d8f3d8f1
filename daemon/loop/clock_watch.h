/* SPDX-License-Identifier: MIT */
/* Learning at once that somebody set the wall clock, or that the host woke from sleep. */
#ifndef TRACKD_CLOCKWATCH_H
#define TRACKD_CLOCKWATCH_H

#include "libclient/segment/segment.h"
#include <systemd/sd-event.h>

struct clockwatch {
	struct board *board;
	sd_event_source *source;
	int fd;
};

int clockwatch_init(struct clockwatch *watch, sd_event *event, struct board *board);
void clockwatch_free(struct clockwatch *watch);

#endif
