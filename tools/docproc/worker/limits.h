/* SPDX-License-Identifier: MIT */
/*
 * A watchdog thread of the worker that ends the task when a limit is reached. A process without
 * processor time left is in the middle of a computation, and one without memory is being aborted by
 * a library: neither can report it, and the board would show the worker as lost.
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
 * Set RLIMIT_CPU and RLIMIT_AS, and start the thread. Memory that is already mapped does not count:
 * the board may be larger than any document. Call it once, before the process enters its sandbox,
 * with no other thread running. 0 or -errno.
 */
int limits_start(struct trackd *trackd, struct trackd_ref ref, const struct limits *limits);

/* Subtract the processor time that the extractor has used for the document. */
void limits_count_time(uint64_t processor_ns);

/* Whether the process is close to its memory limit. */
bool limits_memory_short(void);

#endif
