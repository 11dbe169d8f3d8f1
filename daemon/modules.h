/* SPDX-License-Identifier: MIT */
/*
 * Every module that works on the board, started and stopped together. When another board takes the
 * place of the one that they work on, they move along: what they know of slots, clients and events
 * holds there too, if it has as many slots.
 */
#ifndef TRACKD_DAEMON_MODULES_H
#define TRACKD_DAEMON_MODULES_H

#include "daemon/board/saver.h"
#include "daemon/config/config.h"
#include "daemon/expiry/reaper.h"
#include "daemon/expiry/sweep.h"
#include "daemon/housekeeping.h"
#include "daemon/journal/journal.h"
#include "daemon/loop/clock_watch.h"
#include "daemon/loop/doorbell.h"
#include "daemon/socket/control.h"
#include "daemon/workers/dead_workers.h"
#include "daemon/workers/liveness.h"
#include "libclient/segment/internal.h"
#include "tools/common/service_notify.h"
#include <systemd/sd-event.h>

struct modules {
	/* the caller's */
	sd_event *event;
	struct board *board;
	const struct config *config;
	struct service_notify *notify;
	/* in the order in which they are started */
	struct dead_workers dead_workers;
	struct liveness liveness;
	struct reaper reaper;
	struct sweep sweep;
	struct control control;
	struct saver saver;
	struct clock_watch clock_watch;
	struct journal journal;
	struct doorbell doorbell;
	struct housekeeping housekeeping;
};

/* Nothing is started; modules_stop() may be called. The pointers are kept. */
void modules_init(struct modules *modules, sd_event *event, struct board *board,
		  const struct config *config, struct service_notify *notify);

/* Start all. 0 or -errno; what has been started is stopped by modules_stop(). */
int modules_start(struct modules *modules, int listen_fd, const struct snapshot_place *place);
void modules_stop(struct modules *modules);

/*
 * Go on with *next, which replacement_install() has put in the place of *board, and leave that. *board
 * is *next then. Clients stay connected, and no event is left out of the journal. 0 or -errno: to be
 * stopped.
 */
int modules_move(struct modules *modules, const struct board *next);

#endif
