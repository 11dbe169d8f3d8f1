/* SPDX-License-Identifier: MIT */
/*
 * The states of a slot: FREE, CLAIMED, LIVE, REMOVING, FREE. Each step is one store of the stamp.
 * Every call takes one deadline (CLOCK_MONOTONIC ns) for all its locks, or LOCK_TRY, as the daemon
 * does: then it returns -EBUSY where it would wait.
 */
#ifndef TRACKD_RECORD_SLOT_H
#define TRACKD_RECORD_SLOT_H

#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

enum slot_remove_why {
	SLOT_REMOVE_ASKED,   /* trackd_remove() */
	SLOT_REMOVE_EXPIRED, /* only if its deadline has passed */
	SLOT_REMOVE_EVICTED, /* only if it is final */
};

/* Remove a record, if it is still of that generation and the reason holds. TRACKD_E_GONE, -EAGAIN
 * (reason no longer holds), TRACKD_E_BUSY or -EBUSY. */
int slot_remove(struct board *board, struct trackd_ref ref, enum slot_remove_why why,
		uint64_t deadline);

/* LIVE tasks on the board: the sum of the stripes. */
uint32_t slot_count(const struct board *board);

/* The first slot at or after `from` whose used bit is set, or board->capacity. A clear bit means
 * FREE. */
static inline uint32_t slot_next_used(const struct board *board, uint32_t from)
{
	return map_find(board, from, board->capacity, true);
}

/* The stripes of one record: its id's and, if it has an owner, its owner's. Locked in that
 * order. */
struct slot_stripes {
	struct layout_stripe *id, *owner;
};
struct slot_stripes slot_stripes_of(struct board *board, uint64_t id_hash, uint64_t owner_hash);
/* TRACKD_E_MOVING: the board is closed. */
int slot_stripes_take(struct board *board, const struct slot_stripes *stripes, uint64_t deadline);
void slot_stripes_drop(const struct slot_stripes *stripes);

/* With the record's mutex and its stripes held: store REMOVING with the next generation (the commit
 * of the removal), and unlink the record from both chains. For a LIVE record, or one that a dead
 * process left, linked or not. */
void slot_take_out(struct board *board, uint32_t slot, uint32_t generation);

/* With the record's mutex held: set the slot to FREE with this generation. */
void slot_release(struct board *board, uint32_t slot, uint32_t generation);

/* With the record's mutex, its stripes and those of family_add_removal() held: remove a LIVE record,
 * count the removal and append its event. */
void slot_remove_live(struct board *board, struct slot_stripes *stripes, uint32_t slot,
		      enum slot_remove_why why, uint64_t now);

/* Wait until a record's mutex is free. The caller holds no lock. */
int slot_wait(struct board *board, uint32_t slot, uint64_t deadline);

/* Handle a lock result other than 0: see slot_lock(). */
int slot_locked(struct board *board, uint32_t slot, int error);

/* Lock a record. If the last holder died, restore the record (mend_record()) and set repair_due. */
static inline int slot_lock(struct board *board, uint32_t slot, uint64_t deadline)
{
	int error = lock_take(&board->bodies[slot].mutex, deadline);

	return __builtin_expect(error == 0, 1) ? 0 : slot_locked(board, slot, error);
}

static inline void slot_unlock(struct board *board, uint32_t slot)
{
	lock_drop(&board->bodies[slot].mutex);
}

#endif
