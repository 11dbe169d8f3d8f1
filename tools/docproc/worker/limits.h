/* SPDX-License-Identifier: MIT */
/*
 * A thread of the worker that ends the task when a limit is reached. A process that has used up its
 * processor time is in the middle of somebody's parser, and one that got no memory is being aborted
 * by somebody's library: neither comes back to say so, and the board would call the worker lost.
 */
#ifndef DOCPROC_KEEPER_H
#define DOCPROC_KEEPER_H

#include "libclient/trackd.h"
#include <stdbool.h>

#define KEEPER_MEMORY_ERROR "The document needed more than %u MiB of memory"
#define KEEPER_TIME_ERROR "The document took more than %u s of processor time"

struct keeper_limits {
	unsigned time_limit_s, memory_mb;
};

/*
 * Set RLIMIT_CPU and RLIMIT_AS and start the thread. What is mapped already does not count: the
 * board may be larger than any document. Call it once, before the process is locked in, with no
 * other thread running. 0 or -errno.
 */
int keeper_start(struct trackd *trackd, struct trackd_ref ref, const struct keeper_limits *limits);

/* Whether the process has come close to its memory limit. */
bool keeper_memory_short(void);

#endif
