/* SPDX-License-Identifier: MIT */
/*
 * Finding a slot for a new task: a FREE slot at the ring's cursor, or on a full board the slot of a
 * task that can be evicted. An expired task is evicted first; otherwise, of the next 64 final tasks
 * after the cursor, the one that ended first. Locked tasks are skipped.
 *
 * Beyond the configured capacity there are LAYOUT_SPARE spare slots, in which tasks are replaced on
 * a full board. Each task in a spare slot reserves one free regular slot. ring_claim() does not
 * take reserved slots, so the number of LIVE tasks does not exceed the capacity.
 */
#ifndef TRACKD_RECORD_RING_H
#define TRACKD_RECORD_RING_H

#include "libclient/segment/segment.h"

/* Claim a FREE regular slot, if there is one. On success as ring_claim(). */
bool ring_claim_free(struct board *board, uint32_t *ret_slot, uint32_t *ret_generation);

/* Claim a slot, evicting a task if necessary. On success its stamp is CLAIMED with *ret_generation
 * and its mutex is held. TRACKD_E_FULL; TRACKD_E_BUSY (-EBUSY with LOCK_TRY): all tasks that could
 * be evicted are locked. */
int ring_claim(struct board *board, uint64_t deadline, uint32_t *ret_slot,
	       uint32_t *ret_generation);

/* The same for a record that replaces another, whose slot becomes free as soon as the new one is
 * LIVE. Takes any FREE slot and evicts nothing. TRACKD_E_BUSY: all spare slots are in use by other
 * replacements. */
int ring_claim_replacing(struct board *board, uint64_t deadline, uint32_t *ret_slot,
			 uint32_t *ret_generation);

/* Free a claimed slot that was never linked, and unlock it. */
void ring_unclaim(struct board *board, uint32_t slot, uint32_t generation);

#endif
