/* SPDX-License-Identifier: MIT */
/*
 * The event loop's work when the doorbell reports a change of the board, and some time after a
 * change: the slow sweep and the status line. Without changes no timer is armed.
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

/* The modules that a round calls. The caller owns them. */
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
	uint32_t counted, active; /* for the status line: slots so far, active tasks in them */
};

int housekeeping_init(struct housekeeping *housekeeping, sd_event *event,
		      const struct housekeeping_parts *parts);
void housekeeping_free(struct housekeeping *housekeeping);

/* Called after a worker's tasks were failed: sweep for the locks that it held. */
void housekeeping_after_death(struct housekeeping *housekeeping);

#endif
