/* SPDX-License-Identifier: MIT */
/*
 * Copying the whole content of a board to a new one. Each record keeps its slot, generation,
 * serial, version and copies, so references stay valid. Events keep their sequence, so cursors stay
 * valid. Clients keep their entries, so tasks keep their workers. Only records from beyond a
 * smaller capacity get another slot and a new generation.
 *
 * There are two passes: carry_begin() copies as readers do while producers keep writing;
 * carry_end() copies the changes since then from the closed board.
 */
#ifndef TRACKD_DAEMON_BOARD_CARRY_H
#define TRACKD_DAEMON_BOARD_CARRY_H

#include "daemon/board/carry_families.h"
#include "daemon/board/chains.h"
#include "libclient/segment/internal.h"

struct carry {
	struct board *old, *new;
	struct chains chains;     /* of the new board */
	uint64_t tasks;           /* copied in total */
	uint64_t again;           /* of them: copied again from the closed board */
	uint64_t moved;           /* of them: moved to another slot */
	uint64_t lost;            /* not copied: they were garbage */
	uint64_t wait_ns;         /* for each lock; carry_begin() sets it to 100 ms */
	uint64_t closed_ns;       /* CLOCK_MONOTONIC when carry_end() began; writers wait since */
	struct carry_move *moves; /* as many as `moved`; carry_end() frees them */
	/* after -EBUSY: the lock that another process holds */
	union layout_mutex *held;
};

/* The first pass. `new` was created by segment_create() and has no name yet. 0 or -ENOMEM. */
int carry_begin(struct carry *carry, struct board *new, struct board *old);

/* The second pass, after segment_close(old, how). Waits up to wait_ns for each lock, then returns
 * -EBUSY. TRACKD_E_FULL if there are more tasks than the new board has slots; -ENOMEM. */
int carry_end(struct carry *carry, enum layout_closed how);

/* Seal the counters of all open records, so that no process counts on a closed board. */
void carry_seal(struct board *board);

/* After segment_close(board, LAYOUT_OPEN): clear the seals. Records that cannot be locked within
 * wait_ns are left to repair. */
void carry_unseal(struct board *board, uint64_t wait_ns);

#endif
