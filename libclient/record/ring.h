/* SPDX-License-Identifier: MIT */
/*
 * Room on the board: a FREE slot at the ring's cursor, or on a full board the one of a task that
 * can go. An expired task goes first; then, of the next 64 final ones after the cursor, the one
 * that ended first. A locked task is skipped.
 *
 * Behind the slots of the configured capacity lie LAYOUT_SPARE spare ones, in which a full board
 * replaces tasks. A task that lives there leaves a slot of the capacity free: ring_claim() takes
 * none of those, so that no more tasks are LIVE than the capacity says.
 */
#ifndef TRACKD_RECORD_RING_H
#define TRACKD_RECORD_RING_H

#include "libclient/segment/segment.h"

/* Claim a slot of the capacity that is FREE, if there is one. On success as ring_claim(). */
bool ring_claim_free(struct board *board, uint32_t *ret_slot, uint32_t *ret_generation);

/* Claim a slot, and make room for it. On success its stamp is CLAIMED with *ret_generation and its mutex is held.
 * TRACKD_E_FULL; TRACKD_E_BUSY (-EBUSY with LOCK_TRY): whatever could go is held by others. */
int ring_claim(struct board *board, uint64_t deadline, uint32_t *ret_slot,
	       uint32_t *ret_generation);

/* The same for a record that takes the place of another, whose slot comes free as soon as this one
 * is LIVE: any FREE slot will do, nothing is given up. TRACKD_E_BUSY: as many are being replaced at
 * this moment as there are spare slots. */
int ring_claim_replacing(struct board *board, uint64_t deadline, uint32_t *ret_slot,
			 uint32_t *ret_generation);

/* Give a claimed slot back that was never linked, and unlock it. */
void ring_unclaim(struct board *board, uint32_t slot, uint32_t generation);

#endif
