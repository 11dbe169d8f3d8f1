/* SPDX-License-Identifier: MIT */
/*
 * A thread of the worker that ends the task when a limit is reached. A process that has used up its
 * processor time is in the middle of a computation, and one that got no memory is being aborted by
 * somebody's library: neither comes back to say so, and the board would call the worker lost.
 */
#ifndef DOCPROC_WORKER_LIMITS_H
#define DOCPROC_WORKER_LIMITS_H

#include "libclient/trackd.h"
#include <stdbool.h>

#define LIMITS_MEMORY_ERROR "The document needed more than %u MiB of memory"
#define LIMITS_TIME_ERROR "The document took more than %u s of processor time"

struct limits {
	unsigned time_limit_s, memory_mb;
};

/*
 * Set RLIMIT_CPU and RLIMIT_AS and start the thread. What is mapped already does not count: the
 * board may be larger than any document. Call it once, before the process is locked in, with no
 * other thread running. 0 or -errno.
 */
int limits_start(struct trackd *trackd, struct trackd_ref ref, const struct limits *limits);

/* The extractor has used so much of the document's processor time. */
void limits_count_time(uint64_t processor_ns);

/* Whether the process has come close to its memory limit. */
bool limits_memory_short(void);

#endif
