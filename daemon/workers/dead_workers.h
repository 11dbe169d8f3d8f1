/* SPDX-License-Identifier: MIT */
/*
 * Failing what dead workers left active. All deaths of one turn of the event loop share one pass over
 * the heads. A pass ends at most some thousands of each worker's tasks, so that one who had a million
 * does not keep the others' waiting. A record that is locked at that moment is tried again until
 * it is done; only then is the dead worker's entry in the client table freed.
 */
#ifndef TRACKD_DAEMON_WORKERS_DEAD_WORKERS_H
#define TRACKD_DAEMON_WORKERS_DEAD_WORKERS_H

#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

/* A dead worker. */
struct dead_worker {
	struct worker_info who; /* pid 0: none */
	uint32_t from;          /* its tasks in lower slots are ended */
	uint32_t left;          /* first slot left over in this pass; UINT32_MAX: none */
	uint32_t quota;         /* tasks that may still be ended in this pass */
};

struct dead_workers {
	struct board *board;
	sd_event_source *turn;  /* runs at the end of a turn of the loop */
	sd_event_source *retry; /* runs when a record was busy */
	uint32_t n_dead;
	uint32_t n_spent;  /* whose quota of this pass is used up */
	uint32_t position; /* slot at which the pass goes on */
	bool ended;        /* a worker has nothing left: after() is due */
	uint64_t retry_ns;
	void (*after)(void *); /* called when tasks were failed or a worker died */
	void *after_data;
	struct dead_worker *dead; /* by entry */
};

/* 0 or -errno. after: is called at the end of a scan, for what must follow a death. */
int dead_workers_init(struct dead_workers *dead_workers, sd_event *event, struct board *board,
		      void (*after)(void *), void *after_data);
void dead_workers_free(struct dead_workers *dead_workers);

/* This worker is dead. */
void dead_workers_add(struct dead_workers *dead_workers, const struct worker_info *worker);

/* Fail the task of a slot if it is active and its worker is not known to the client table. 1 it was
 * so, 0 not, -EBUSY. */
int dead_workers_check(struct dead_workers *dead_workers, uint32_t slot);

#endif
