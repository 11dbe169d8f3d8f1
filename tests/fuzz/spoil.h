/* SPDX-License-Identifier: MIT */
/*
 * Corrupts a segment with random bytes and with plausible values. The overwritten bytes are
 * remembered, so that they can be restored cheaply.
 */
#ifndef FUZZ_SPOIL_H
#define FUZZ_SPOIL_H

#include "libclient/segment/segment.h"

enum { SPOIL_WRITES_MAX = 256, SPOIL_SIZE_MAX = 512 };

struct spoil {
	struct board *board;
	uint8_t *pristine; /* a copy of the whole segment */
	bool spare_mutexes;
	uint64_t random;
	struct {
		size_t at, size;
	} writes[SPOIL_WRITES_MAX];
	size_t n_writes;
};

/* Remember how the board is now. */
void spoil_begin(struct spoil *ret_spoil, struct board *board);
void spoil_end(struct spoil *spoil);

/* The rounds that follow are this one's, whatever came before. */
void spoil_seed(struct spoil *spoil, uint64_t seed, uint64_t round);
uint64_t spoil_random(struct spoil *spoil);
/* Below n. */
uint32_t spoil_pick(struct spoil *spoil, uint32_t n);

/* Overwrite something. */
void spoil_once(struct spoil *spoil);
/* Put the good bytes back: those that spoil_once() overwrote, or everything. */
void spoil_restore(struct spoil *spoil);
void spoil_restore_all(struct spoil *spoil);

#endif
