/* SPDX-License-Identifier: MIT */
/*
 * Every module that works on the board. They are started and stopped together. When the board is
 * replaced, they move to the new one: their data about slots, clients and events stays valid if the
 * number of slots is the same.
 */
#ifndef TRACKD_DAEMON_MODULES_H
#define TRACKD_DAEMON_MODULES_H

#include "daemon/board/saver.h"
#include "daemon/config/config.h"
#include "daemon/expiry/reaper.h"
#include "daemon/expiry/sweep.h"
#include "daemon/families/families.h"
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
	/* owned by the caller */
	sd_event *event;
	struct board *board;
	const struct config *config;
	struct service_notify *notify;
	/* in the order in which they are started */
	struct dead_workers dead_workers;
	struct liveness liveness;
	struct families families;
	struct reaper reaper;
	struct sweep sweep;
	struct control control;
	struct saver saver;
	struct clock_watch clock_watch;
	struct journal journal;
	struct doorbell doorbell;
	struct housekeeping housekeeping;
};

/* Start no module yet; modules_stop() may be called afterwards. The pointers are kept. */
void modules_init(struct modules *modules, sd_event *event, struct board *board,
		  const struct config *config, struct service_notify *notify);

/* Start all modules. 0 or -errno; modules_stop() stops those that were started. */
int modules_start(struct modules *modules, int listen_fd, const struct snapshot_place *place);
void modules_stop(struct modules *modules);

/*
 * Move to *next, with which replacement_install() has replaced *board. Afterwards *board equals
 * *next. Clients stay connected, and the journal misses no event. 0; -errno: the modules must be
 * stopped.
 */
int modules_move(struct modules *modules, const struct board *next);

#endif
