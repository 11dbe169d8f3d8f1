/* SPDX-License-Identifier: MIT */
/*
 * What the extractor may do. It reads untrusted documents with libraries not written for that. It
 * may compute, read its document, write to its pipe, and read fonts and character tables. It has no
 * board, no store, no socket and no other descriptor; it cannot start a process or thread, signal a
 * process, open a file for writing, or map shared memory. See zygote.h for why it never has access
 * to them.
 *
 * It cannot sleep either: no blocking call is allowed, and it has one thread. So the limit on its
 * processor time limits its lifetime, as long as its pipe is read.
 */
#ifndef DOCPROC_EXTRACTOR_SANDBOX_H
#define DOCPROC_EXTRACTOR_SANDBOX_H

#include <stdbool.h>

struct extractor_limits {
	unsigned time_s,
		memory_mb; /* of processor time; of memory beyond what is mapped at its start */
};

/* Exit statuses of an extractor. */
enum extractor_status {
	EXTRACTOR_DONE,   /* its last frame has the result */
	EXTRACTOR_TIME,   /* reached the limit on processor time */
	EXTRACTOR_MEMORY, /* reached the limit on memory */
	EXTRACTOR_OPEN,   /* could not enter its sandbox, and has read nothing */
};

/* The slow part, before a fork. 0 or -errno. */
int extractor_sandbox_prepare(void);

/* Enter the sandbox and set all limits, in the extractor. From then on, reaching a limit ends it
 * with one of the statuses above, even inside a library. 0 or -errno; on failure it must not go
 * on. */
int extractor_sandbox_enter(const struct extractor_limits *limits);

/* Whether the process is close to its memory limit. */
bool extractor_memory_short(void);

#endif
