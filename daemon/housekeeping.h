/* SPDX-License-Identifier: MIT */
/*
 * What the event loop does when the doorbell says that the board has changed, and what follows some
 * time after a change: the slow sweep and the status line. Without changes nothing here is armed.
 */
#ifndef TRACKD_DAEMON_HOUSEKEEPING_H
#define TRACKD_DAEMON_HOUSEKEEPING_H

#include "daemon/board/saver.h"
#include "daemon/expiry/reaper.h"
#include "daemon/expiry/sweep.h"
#include "daemon/journal/journal.h"
#include "daemon/loop/doorbell.h"
#include "daemon/socket/control.h"
#include "daemon/workers/liveness.h"
#include "tools/common/service_notify.h"

/* The modules that a round goes through; all are owned elsewhere. */
struct housekeeping_parts {
	struct board *board;
	struct doorbell *doorbell;
	struct journal *journal;
	struct liveness *liveness;
	struct reaper *reaper;
	struct sweep *sweep;
	struct control *control;
	struct saver *saver;
	struct service_notify *notify;
};

struct housekeeping {
	struct housekeeping_parts parts;
	sd_event_source *doorbell, *events, *slow, *status;
	uint32_t counted, active; /* for the status line: slots so far, and active tasks in them */
};

int housekeeping_init(struct housekeeping *housekeeping, sd_event *event,
		      const struct housekeeping_parts *parts);
void housekeeping_free(struct housekeeping *housekeeping);

/* A worker's death was dealt with: what it held must be looked after. */
void housekeeping_after_death(struct housekeeping *housekeeping);

#endif
