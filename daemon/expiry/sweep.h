/* SPDX-License-Identifier: MIT */
/*
 * A sweep over the whole board, one part per turn of the event loop. It sets the timers of tasks
 * whose events were missed, fails tasks whose worker is not in the client table, and repairs
 * records and locks after a death. It does not wait for locks: it retries locked records later.
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
	SWEEP_LOCKS = 2,   /* also every record's mutex, after a death */
	SWEEP_STRIPES = 3, /* also every stripe's chains and count, after an orphaned lock */
};

enum { SWEEP_BUSY_MAX = 64 };

struct sweep {
	struct board *board;
	struct reaper *reaper;
	struct dead_workers *dead_workers;
	sd_event_source *turn, *timer;
	/* the current sweep */
	enum sweep_depth depth; /* 0: not */
	uint32_t slot, stripe, slice;
	bool left_out[LAYOUT_STRIPES]; /* skipped in this sweep: it was locked */
	uint64_t started_ns;
	uint64_t repaired;
	/* requested meanwhile */
	enum sweep_depth next; /* 0: nothing */
	uint64_t not_before_ns;
	/* to retry later */
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

/* Request a sweep. If one is running, another follows it. */
void sweep_ask(struct sweep *sweep, enum sweep_depth depth);

#endif
