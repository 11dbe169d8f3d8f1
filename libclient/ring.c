/* SPDX-License-Identifier: MIT */
/*
 * Claiming. The cursor stands behind the slot that was claimed last, so that what lies after it is
 * what was created longest ago. All of it happens before the creator takes a stripe of its own.
 */
#include "ring.h"
#include "atomic.h"
#include "lock.h"
#include "map.h"
#include "repair.h"
#include "slot.h"
#include "trackd.h"
#include <errno.h>

/* How long one fruitless scan for expired records stands for another. */
static const uint64_t NO_EXPIRED_NS = NS_PER_S;

/* Claim one slot, if it is FREE and nobody is at it. On success its mutex is held. */
static bool try_claim(struct board *board, uint32_t slot, uint32_t *ret_generation)
{
	struct layout_head *head = &board->heads[slot];
	uint64_t stamp = load_relaxed(&head->stamp);

	if (stamp_state(stamp) != SLOT_FREE || slot_lock(board, slot, LOCK_TRY) < 0)
		return false;
	map_set(board, slot);
	stamp = load_acquire(&head->stamp);
	uint32_t generation = stamp_generation(stamp);
	if (stamp_state(stamp) != SLOT_FREE ||
	    !cas_acq_rel(&head->stamp, &stamp, stamp_make(generation, 0, SLOT_CLAIMED))) {
		slot_unlock(board, slot);
		return false;
	}
	/* CLAIMED must be seen before anything that is filled in; pairs with fence_acquire() in
	 * view.c and index.c. */
	fence_release();
	*ret_generation = generation;
	return true;
}

static bool claim_in(struct board *board, uint32_t from, uint32_t to, uint32_t *ret_slot,
		     uint32_t *ret_generation)
{
	for (uint32_t slot = map_find(board, from, to, false); slot < to;
	     slot = map_find(board, slot + 1, to, false)) {
		if (!try_claim(board, slot, ret_generation))
			continue;
		*ret_slot = slot;
		store_relaxed(&board->header->cursor, slot + 1);
		return true;
	}
	return false;
}

static uint32_t cursor_of(const struct board *board)
{
	return (uint32_t)(load_relaxed(&board->header->cursor) % board->capacity);
}

enum victim { VICTIM_EXPIRED, VICTIM_FINAL, VICTIM_LEFTOVER };

static bool is_victim(const struct board *board, uint32_t slot, enum victim victim, uint64_t now)
{
	const struct layout_head *head = &board->heads[slot];
	enum slot_state state = stamp_state(load_relaxed(&head->stamp));

	switch (victim) {
	case VICTIM_EXPIRED:
		return state == SLOT_LIVE && now >= load_relaxed(&head->deadline);
	case VICTIM_FINAL:
		return state == SLOT_LIVE &&
		       hint_state(load_relaxed(&head->hint)) >= TRACKD_COMPLETED;
	case VICTIM_LEFTOVER: /* its maker or remover died, or it is FREE with its bit still set */
		return state != SLOT_LIVE;
	}
	return false;
}

static int reclaim(struct board *board, uint32_t slot, enum victim victim, uint64_t deadline)
{
	struct trackd_ref ref = { slot, stamp_generation(load_relaxed(&board->heads[slot].stamp)) };

	switch (victim) {
	case VICTIM_EXPIRED:
		return slot_remove(board, ref, SLOT_REMOVE_EXPIRED, deadline);
	case VICTIM_FINAL:
		return slot_remove(board, ref, SLOT_REMOVE_EVICTED, deadline);
	case VICTIM_LEFTOVER:
		return repair_slot(board, slot, LOCK_TRY) == 1 ? 0 : -EAGAIN;
	}
	return -EAGAIN;
}

/* Make room by removing the first victim of a sort after the cursor. 0: there is room; -ENOENT: no
 * such victim. */
static int reclaim_first(struct board *board, enum victim victim, uint64_t deadline)
{
	uint32_t start = cursor_of(board);
	uint64_t now = clock_boot_ns();

	for (uint32_t i = 0; i < board->capacity; i++) {
		uint32_t slot =
			start + i < board->capacity ? start + i : start + i - board->capacity;

		if (!is_victim(board, slot, victim, now))
			continue;
		int error = reclaim(board, slot, victim, deadline);
		if (error == 0 || error == TRACKD_E_BUSY || error == -EBUSY)
			return error;
	}
	return -ENOENT;
}

/* Expired records go first, then the oldest final one. That nothing has expired is worth knowing
 * for a second: else every create on a full board would scan it all. */
static int make_room(struct board *board, uint64_t deadline)
{
	uint64_t *no_expired = &board->header->no_expired_ns;
	uint64_t now = clock_boot_ns(), since = now - load_relaxed(no_expired);
	int error = -ENOENT;

	if (since > NO_EXPIRED_NS) {
		error = reclaim_first(board, VICTIM_EXPIRED, deadline);
		if (error == -ENOENT)
			store_relaxed(no_expired, now);
	}
	if (error == -ENOENT)
		error = reclaim_first(board, VICTIM_FINAL, deadline);
	if (error == -ENOENT)
		error = reclaim_first(board, VICTIM_EXPIRED, deadline);
	if (error == -ENOENT)
		error = reclaim_first(board, VICTIM_LEFTOVER, deadline);
	return error == -ENOENT ? TRACKD_E_FULL : error;
}

int ring_claim(struct board *board, uint64_t deadline, uint32_t *ret_slot, uint32_t *ret_generation)
{
	for (;;) {
		uint32_t start = cursor_of(board);

		if (claim_in(board, start, board->capacity, ret_slot, ret_generation) ||
		    claim_in(board, 0, start, ret_slot, ret_generation))
			return 0;
		int error = make_room(board, deadline);
		if (error < 0)
			return error;
		/* Somebody may be quicker at the room we made: again, but not for ever. */
		if (deadline != LOCK_TRY && clock_monotonic_ns() >= deadline)
			return TRACKD_E_BUSY;
	}
}

void ring_unclaim(struct board *board, uint32_t slot, uint32_t generation)
{
	slot_release(board, slot, generation + 1);
	slot_unlock(board, slot);
}
