/* SPDX-License-Identifier: MIT */
/*
 * What the extractor may still do, which reads a stranger's document with libraries that were not
 * written for it: compute, read that document, write to its pipe, and read fonts and tables of
 * characters. It has no board, no store, no socket and no other descriptor; it starts neither process
 * nor thread, signals no process, opens nothing for writing and maps nothing shared. See zygote.h for
 * how it comes to have nothing.
 *
 * It cannot wait either: no call that sleeps is allowed, and it has one thread. So the limit on its
 * processor time limits its life, as long as its pipe is read.
 */
#ifndef DOCPROC_EXTRACTOR_SANDBOX_H
#define DOCPROC_EXTRACTOR_SANDBOX_H

#include <stdbool.h>

struct extractor_limits {
	unsigned time_s, memory_mb; /* of its processor; more than is mapped at its start */
};

/* How an extractor exits. */
enum extractor_status {
	EXTRACTOR_DONE,   /* its last frame says the rest */
	EXTRACTOR_TIME,   /* the limit on its processor time is reached */
	EXTRACTOR_MEMORY, /* or the one on its memory */
	EXTRACTOR_OPEN,   /* it could not be locked in, and has read nothing */
};

/* Before a fork: what takes longest. 0 or -errno. */
int extractor_sandbox_prepare(void);

/* In the extractor: raise all walls and set all limits. From then on an exhausted limit ends it with
 * one of the statuses above, also from inside a library. 0 or -errno; then it must not go on. */
int extractor_sandbox_enter(const struct extractor_limits *limits);

/* Whether it has come close to its memory limit. */
bool extractor_memory_short(void);

#endif
