/* SPDX-License-Identifier: MIT */
/*
 * Room on the board: a FREE slot at the ring's cursor, or on a full board the one of a record that
 * can go: expired first, then the oldest final one.
 */
#ifndef TRACKD_RING_H
#define TRACKD_RING_H

#include "segment.h"

/* Claim a slot. On success its stamp is CLAIMED with *ret_generation and its mutex is held.
 * TRACKD_E_FULL, TRACKD_E_BUSY. */
int ring_claim(struct board *board, uint64_t deadline, uint32_t *ret_slot,
	       uint32_t *ret_generation);

/* Give a claimed slot back that was never linked, and unlock it. */
void ring_unclaim(struct board *board, uint32_t slot, uint32_t generation);

#endif
