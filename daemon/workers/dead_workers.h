/* SPDX-License-Identifier: MIT */
/*
 * Failing what dead workers left active. All deaths of one turn of the event loop share one pass over
 * the heads. A pass ends at most some thousands of each worker's tasks, so that one who had a million
 * does not keep the others' waiting. A record that somebody holds at that moment is tried again until
 * it is done; only then is the dead worker's entry in the client table freed.
 */
#ifndef TRACKD_LOSSES_H
#define TRACKD_LOSSES_H

#include "libclient/record/worker.h"
#include "libclient/segment/segment.h"
#include <systemd/sd-event.h>

/* A dead worker. */
struct loss {
	struct worker_info who; /* pid 0: none */
	uint32_t from;          /* its tasks in lower slots are ended */
	uint32_t left;          /* first slot left over in this pass; UINT32_MAX: none */
	uint32_t quota;         /* tasks that may still be ended in this pass */
};

struct losses {
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
	struct loss *dead; /* by entry */
};

/* 0 or -errno. after: is called at the end of a scan, for what must follow a death. */
int losses_init(struct losses *losses, sd_event *event, struct board *board, void (*after)(void *),
		void *after_data);
void losses_free(struct losses *losses);

/* This worker is dead. */
void losses_add(struct losses *losses, const struct worker_info *worker);

/* Fail the task of a slot if it is active and its worker is not known to the client table. 1 it was
 * so, 0 not, -EBUSY. */
int losses_check(struct losses *losses, uint32_t slot);

#endif
