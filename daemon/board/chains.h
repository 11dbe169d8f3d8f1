/* SPDX-License-Identifier: MIT */
/*
 * The chains of a board that has no name yet. Serials fall along every owner's chain, whoever the
 * owners in it are: an iteration relies on that (libclient/record/index.c). So records that do not come in
 * the order of their serials are linked into their place, or, if that is deep, all chains of owners
 * are made anew in the end.
 */
#ifndef TRACKD_DAEMON_BOARD_CHAINS_H
#define TRACKD_DAEMON_BOARD_CHAINS_H

#include "libclient/segment/internal.h"

struct chains {
	struct board *board;
	bool unordered; /* not every record is in its owner's chain */
};

/* Enter a filled record into both chains and the count of its id stripe, or take it out again. Its
 * stamp is the caller's. */
void chains_enter(struct chains *chains, uint32_t slot);
void chains_leave(struct chains *chains, uint32_t slot);

/* After the last one. 0 or -ENOMEM. */
int chains_finish(struct chains *chains);

/* The LIVE slots of any board in the order of their serials, in *ret_slots, which the caller frees.
 * Number of them, or -ENOMEM. */
int64_t chains_order(const struct board *board, uint32_t **ret_slots);

#endif
