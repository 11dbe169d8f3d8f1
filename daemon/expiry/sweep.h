/* SPDX-License-Identifier: MIT */
/*
 * Going over the whole board, a piece a turn of the event loop: for the timers of tasks that no
 * event showed, for tasks whose worker is not known to the client table, for records and locks that
 * a death left on the way. It waits for no lock: it returns to locked records later.
 */
#ifndef TRACKD_DAEMON_EXPIRY_SWEEP_H
#define TRACKD_DAEMON_EXPIRY_SWEEP_H

#include "daemon/expiry/reaper.h"
#include "daemon/workers/dead_workers.h"
#include "libclient/segment/internal.h"
#include <stdbool.h>
#include <systemd/sd-event.h>

enum sweep_depth {
	SWEEP_NONE = 0,
	SWEEP_HEADS = 1,   /* timers, leftovers, lost workers */
	SWEEP_LOCKS = 2,   /* and every record's mutex: after a death */
	SWEEP_STRIPES = 3, /* and every stripe's chains and count: when a lock was found orphaned */
};

enum { SWEEP_BUSY_MAX = 64 };

struct sweep {
	struct board *board;
	struct reaper *reaper;
	struct dead_workers *dead_workers;
	sd_event_source *turn, *timer;
	/* under way */
	enum sweep_depth depth; /* 0: not */
	uint32_t slot, stripe, slice;
	bool left_out[LAYOUT_STRIPES]; /* in this round: it was locked */
	uint64_t started_ns;
	uint64_t repaired;
	/* asked for meanwhile */
	enum sweep_depth next; /* 0: nothing */
	uint64_t not_before_ns;
	/* to come back to */
	uint32_t n_busy;
	bool too_many_busy, stripe_busy;
	uint64_t retry_ns;
	struct {
		uint32_t slot;
		uint64_t stamp;
	} busy[SWEEP_BUSY_MAX];
};

/* 0 or -errno. */
int sweep_init(struct sweep *sweep, sd_event *event, struct board *board, struct reaper *reaper,
	       struct dead_workers *dead_workers);
void sweep_free(struct sweep *sweep);

/* Begin soon; while one is under way, another one after it. */
void sweep_ask(struct sweep *sweep, enum sweep_depth depth);

bool sweep_running(const struct sweep *sweep);

#endif
