/* SPDX-License-Identifier: MIT */
/*
 * The daemon's work on a board, one call after another, with garbage in all bytes outside the
 * mutexes. It never waits: LOCK_TRY throughout.
 */
#ifndef FUZZ_TEND_H
#define FUZZ_TEND_H

#include "libclient/segment/segment.h"

void tend_round(struct board *board);

/* How many mutexes are still held by this thread: must be none. */
unsigned tend_held(struct board *board);

#endif
