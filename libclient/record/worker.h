/* SPDX-License-Identifier: MIT */
/*
 * The client table: which process is meant by a task's worker. An entry is one process, known by
 * pid and start time; it outlives close() and exec. Claimed without a lock by a compare-and-swap on
 * {generation, pid}.
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
 * Find or claim the entry of process pid (a thread-group leader that exists). May take over entries
 * whose process is provably dead. On success *ret_worker is what goes into layout_copy.worker.
 * Errors: -ESRCH, TRACKD_E_TABLE_FULL.
 */
int worker_claim(struct board *board, pid_t pid, uint64_t *ret_worker);

/* What an entry says, if it is ready and its generation is worker's. Strings terminated. */
bool worker_resolve(const struct board *board, uint64_t worker, struct worker_info *ret_info);

/* The same by entry number, whatever its generation: for a walk of the table. False: free or not
 * ready. */
bool worker_read(const struct board *board, uint32_t entry, struct worker_info *ret_info);

/* Free an entry whose process is dead, if it still is of that generation. */
void worker_free(struct board *board, uint32_t entry, uint32_t generation);

#endif
