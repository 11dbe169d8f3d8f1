/* SPDX-License-Identifier: MIT */
/*
 * The client table, which identifies the processes that a task's worker field refers to. An entry
 * is one process, identified by pid and start time; it outlives close() and exec. It is claimed
 * without a lock by a compare-and-swap on {generation, pid}.
 */
#ifndef TRACKD_RECORD_WORKER_H
#define TRACKD_RECORD_WORKER_H

#include "libclient/segment/process.h"
#include "libclient/segment/segment.h"

struct worker_info {
	uint32_t entry, generation;
	pid_t pid;
	uint32_t uid;
	uint64_t start_time;
	char comm[16];
};

/*
 * Find or claim the entry of process pid (an existing thread-group leader). May take over entries
 * whose process is provably dead. On success *ret_worker is the value for layout_copy.worker.
 * Errors: -ESRCH, TRACKD_E_TABLE_FULL.
 */
int worker_claim(struct board *board, pid_t pid, uint64_t *ret_worker);

/* Read a worker's entry, if it is ready and has the worker's generation. Strings are terminated. */
bool worker_resolve(const struct board *board, uint64_t worker, struct worker_info *ret_info);

/* The same by entry number, for any generation: to walk the table. False: free or not ready. */
bool worker_read(const struct board *board, uint32_t entry, struct worker_info *ret_info);

enum { WORKER_LABEL = 48 };

/* "uvicorn[4182]", with unprintable bytes of the command replaced. */
void worker_label(char to[WORKER_LABEL], const char *comm, pid_t pid);

/* Free the entry of a dead process, if its generation is unchanged. */
void worker_free(struct board *board, uint32_t entry, uint32_t generation);

#endif
