/* SPDX-License-Identifier: MIT */
/*
 * Failing the active tasks of dead workers, and the pending ones that they keep. All deaths of one turn of the event loop share one pass
 * over the heads. A pass fails at most some thousands of each worker's tasks, so that a worker with
 * a million does not delay the others'. Locked records are retried until all are done; only then is
 * the worker's entry in the client table freed.
 */
#ifndef TRACKD_DAEMON_WORKERS_DEAD_WORKERS_H
#define TRACKD_DAEMON_WORKERS_DEAD_WORKERS_H

#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

/* A dead worker. */
struct dead_worker {
	struct worker_info who; /* pid 0: none */
	uint64_t cause;         /* of its death, cause_make(); 0: not known */
	uint32_t from;          /* its tasks in lower slots are done */
	uint32_t left;          /* first slot left over in this pass; UINT32_MAX: none */
	uint32_t quota;         /* tasks that may still be failed in this pass */
};

struct dead_workers {
	struct board *board;
	sd_event_source *turn;  /* runs at the end of a turn of the loop */
	sd_event_source *retry; /* runs when a record was busy */
	uint32_t n_dead;
	uint32_t n_spent;  /* workers whose quota of this pass is used up */
	uint32_t position; /* slot at which the pass continues */
	bool ended;        /* a worker has no task left: after() is due */
	uint64_t retry_ns;
	void (*after)(void *); /* called when tasks were failed or a worker died */
	void *after_data;
	struct dead_worker *dead; /* by entry */
};

/* 0 or -errno. after: called at the end of a scan in which a worker was completed. */
int dead_workers_init(struct dead_workers *dead_workers, sd_event *event, struct board *board,
		      void (*after)(void *), void *after_data);
void dead_workers_free(struct dead_workers *dead_workers);

/* Fail the tasks of this dead worker. cause: of its death, cause_make(); 0: not known. */
void dead_workers_add(struct dead_workers *dead_workers, const struct worker_info *worker,
		      uint64_t cause);

/* Fail the task of a slot if it is open and its worker or keeper is not in the client table. 1: failed; 0:
 * not; -EBUSY. */
int dead_workers_check(struct dead_workers *dead_workers, uint32_t slot);

#endif
