/* SPDX-License-Identifier: MIT */
/*
 * Carrying everything of one board over to a fresh one: each record keeps its slot, generation,
 * serial, version and copies, so references stay good; events keep their sequence, so cursors go on;
 * clients keep their entries, so tasks keep their workers. Only records above a smaller capacity get
 * another slot, and a new generation.
 *
 * It is done twice: carry_begin() copies as readers do while producers work on, and carry_end(), on
 * the closed board, copies what has changed since.
 */
#ifndef TRACKD_DAEMON_BOARD_CARRY_H
#define TRACKD_DAEMON_BOARD_CARRY_H

#include "daemon/board/chains.h"
#include "libclient/segment/internal.h"

struct carry {
	struct board *old, *new;
	struct chains chains; /* the new board's */
	uint64_t tasks;       /* carried over in all */
	uint64_t again;       /* of them: copied once more on the closed board */
	uint64_t moved;       /* of them: have another slot now */
	uint64_t lost;        /* could not be: they were garbage */
	uint64_t wait_ns;     /* for each lock; carry_begin() sets it to 100 ms */
	uint64_t closed_ns;   /* CLOCK_MONOTONIC when carry_end() began: since then writers wait */
	/* after -EBUSY: the lock that was not to be had */
	union layout_mutex *held;
};

/* The first copy. `new` has been made with segment_create() and has no name yet. 0 or -ENOMEM. */
int carry_begin(struct carry *carry, struct board *new, struct board *old);

/* The rest, after segment_close(old, how). Each lock is waited for up to wait_ns, then -EBUSY;
 * TRACKD_E_FULL when more tasks came to life than the new board has slots; -ENOMEM. */
int carry_end(struct carry *carry, enum layout_closed how);

/* Seal the counters of all open records, so that nothing more is counted on a closed board. */
void carry_seal(struct board *board);

/* After segment_close(board, LAYOUT_OPEN): take the seals off again. What cannot be locked within
 * wait_ns is left to repair. */
void carry_unseal(struct board *board, uint64_t wait_ns);

#endif
