/* SPDX-License-Identifier: MIT */
/*
 * The chains of a board that has no name yet. Serials decrease along every owner chain, even if it
 * holds tasks of several owners: iterations rely on that (libclient/record/index.c). So a record
 * that does not arrive in the order of serials is linked at its position; if that is too deep,
 * chains_finish() rebuilds all owner chains.
 */
#ifndef TRACKD_DAEMON_BOARD_CHAINS_H
#define TRACKD_DAEMON_BOARD_CHAINS_H

#include "libclient/segment/internal.h"

struct chains {
	struct board *board;
	bool unordered; /* not every record is in its owner's chain */
};

/* Link a filled record into both chains and count it in its id stripe, or unlink it. The caller
 * sets its stamp. */
void chains_enter(struct chains *chains, uint32_t slot);
void chains_leave(struct chains *chains, uint32_t slot);

/* Call it after the last record. 0 or -ENOMEM. */
int chains_finish(struct chains *chains);

/* List the LIVE slots of any board in the order of their serials, in *ret_slots, which the caller
 * frees. Returns their number, or -ENOMEM. */
int64_t chains_order(const struct board *board, uint32_t **ret_slots);

#endif
