/* SPDX-License-Identifier: MIT */
/*
 * Removing records, and the order of locks: id stripe, owner stripe, family stripes. While it holds
 * stripes, an operation only tries to lock a record; if that fails, it releases all locks, waits for
 * that record alone, and starts again. The holder of a record may wait for family stripes. A creator holds the record that it has claimed while it waits for
 * stripes; this is safe because no process waits for that record while holding a stripe.
 */
#include "libclient/record/slot.h"
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/facts.h"
#include "libclient/record/mend.h"
#include "libclient/record/recount.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/segment/namespace.h"
#include "libclient/signal/event.h"
#include "libclient/signal/repair_due.h"
#include <errno.h>
#include <string.h>

/* ---- Locks --------------------------------------------------------------- */

/* Count a recovered or busy lock, and return error. */
static int count_lock(struct board *board, int error)
{
	if (error == LOCK_RECOVERED) {
		add_relaxed(&board->header->counters.locks_recovered, 1);
		repair_due_set(board);
	} else if (error == TRACKD_E_BUSY) {
		add_relaxed(&board->header->counters.busy, 1);
	}
	return error;
}

int slot_locked(struct board *board, uint32_t slot, int error)
{
	if (count_lock(board, error) == LOCK_RECOVERED)
		mend_record(board, slot);
	return error;
}

static int take(struct board *board, union layout_mutex *mutex, uint64_t deadline)
{
	return count_lock(board, lock_take(mutex, deadline));
}

struct slot_stripes slot_stripes_of(struct board *board, uint64_t id_hash, uint64_t owner_hash)
{
	struct slot_stripes stripes = {
		&board->id_stripes[index_stripe(index_bucket(board, id_hash))], NULL
	};

	if (owner_hash != 0)
		stripes.owner =
			&board->owner_stripes[index_stripe(index_bucket(board, owner_hash))];
	return stripes;
}

int slot_stripes_take(struct board *board, const struct slot_stripes *stripes, uint64_t deadline)
{
	int error = take(board, &stripes->id->mutex, deadline);

	if (error >= 0 && stripes->owner) {
		error = take(board, &stripes->owner->mutex, deadline);
		if (error < 0)
			lock_drop(&stripes->id->mutex);
	}
	if (error < 0 || board_closed(board) == LAYOUT_OPEN)
		return error;
	/* Checked under the lock: the daemon closes the board before it takes this id stripe for
	 * the last time. */
	slot_stripes_drop(stripes);
	return TRACKD_E_MOVING;
}

void slot_stripes_drop(const struct slot_stripes *stripes)
{
	if (stripes->owner)
		lock_drop(&stripes->owner->mutex);
	lock_drop(&stripes->id->mutex);
}

int slot_wait(struct board *board, uint32_t slot, uint64_t deadline)
{
	int error = slot_lock(board, slot, deadline);

	if (error >= 0)
		slot_unlock(board, slot);
	return error < 0 ? error : 0;
}

uint32_t slot_count(const struct board *board)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < LAYOUT_STRIPES; i++)
		count += load_relaxed(&board->id_stripes[i].count);
	return count < board->capacity ? (uint32_t)count : board->capacity;
}

/* ---- Freeing a slot: all called with the record's mutex held ------------- */

void slot_release(struct board *board, uint32_t slot, uint32_t generation)
{
	store_release(&board->heads[slot].stamp, stamp_make(generation, 0, SLOT_FREE));
	map_clear(board, slot);
}

void slot_take_out(struct board *board, uint32_t slot, uint32_t generation)
{
	/* The commit: from here on the record is removed for all processes. */
	store_release(&board->heads[slot].stamp, stamp_make(generation + 1, 0, SLOT_REMOVING));
	index_unlink_id(board, slot);
	index_unlink_owner(board, slot);
}

static void count_removal(struct board *board, enum slot_remove_why why)
{
	struct layout_counters *counters = &board->header->counters;

	if (why == SLOT_REMOVE_EXPIRED)
		add_relaxed(&counters->expired, 1);
	else if (why == SLOT_REMOVE_EVICTED)
		add_relaxed(&counters->evicted, 1);
	else
		add_relaxed(&counters->removed, 1);
}

/* A child leaves its family: the removal, then its parent's counts. */
static __attribute__((noinline)) void take_out_child(struct board *board, uint32_t slot,
						     uint32_t generation, uint8_t state,
						     enum slot_remove_why why)
{
	struct trackd_ref parent;
	bool has_parent = family_parent(board, slot, &parent);

	if (has_parent)
		family_intend(board, (struct trackd_ref){ slot, generation },
			      why == SLOT_REMOVE_ASKED ? INTENT_UNLINK : INTENT_DEPART, state, 0);
	slot_take_out(board, slot, generation);
	if (has_parent)
		family_finish(board, family_stripe(parent.slot));
}

void slot_remove_live(struct board *board, struct slot_stripes *stripes, uint32_t slot,
		      enum slot_remove_why why, uint64_t now)
{
	uint64_t stamp = load_relaxed(&board->heads[slot].stamp);
	uint32_t generation = stamp_generation(stamp);
	const struct layout_copy *copy = &board->bodies[slot].copy[stamp_version(stamp) & 1];

	if (__builtin_expect((load_relaxed(&copy->flags) & COPY_CHILD) != 0, 0))
		take_out_child(board, slot, generation, load_relaxed(&copy->state), why);
	else
		slot_take_out(board, slot, generation);
	recount_subtract(stripes->id,
			 index_bucket(board, load_relaxed(&board->heads[slot].id_hash)));
	event_append(board,
		     why == SLOT_REMOVE_EXPIRED ? TRACKD_EVENT_EXPIRED : TRACKD_EVENT_REMOVED, slot,
		     generation, now, copy,
		     is_final(load_relaxed(&copy->state)) ? load_relaxed(&copy->done) : 0);
	slot_release(board, slot, generation + 1);
	/* Orders the removal before its count; pairs with the fence in changes_sum(). */
	fence_release();
	count_removal(board, why);
}

/* ---- Removing ------------------------------------------------------------ */

static bool is_live(uint64_t stamp, uint32_t generation)
{
	return stamp_state(stamp) == SLOT_LIVE && stamp_generation(stamp) == generation;
}

/* Whether the reason to remove a locked record still holds: an update may have renewed it. */
static bool reason_holds(const struct board *board, uint32_t slot, enum slot_remove_why why,
			 uint64_t now)
{
	const struct layout_head *head = &board->heads[slot];
	const struct layout_copy *copy =
		&board->bodies[slot].copy[stamp_version(load_relaxed(&head->stamp)) & 1];

	switch (why) {
	case SLOT_REMOVE_ASKED:
		return true;
	case SLOT_REMOVE_EXPIRED:
		return now >= load_relaxed(&head->deadline);
	case SLOT_REMOVE_EVICTED:
		return load_relaxed(&copy->state) >= TRACKD_COMPLETED &&
		       ((load_relaxed(&copy->flags) & COPY_PARENT) == 0 ||
			!children_any_open(board, slot));
	}
	return false;
}

/* With its stripes locked, lock the record if it is still the one that ref and the hashes name. On
 * failure the record is not locked. */
static int try_record(struct board *board, struct trackd_ref ref, uint64_t id_hash,
		      uint64_t owner_hash)
{
	const struct layout_head *head = &board->heads[ref.slot];
	int error = slot_lock(board, ref.slot, LOCK_TRY);

	if (error < 0)
		return error;
	if (is_live(load_acquire(&head->stamp), ref.generation) &&
	    load_relaxed(&head->id_hash) == id_hash &&
	    load_relaxed(&head->owner_hash) == owner_hash)
		return 0;
	slot_unlock(board, ref.slot);
	return TRACKD_E_GONE;
}

/* slot_remove_live() with the family stripes that it needs; the caller holds none. */
static int remove_live(struct board *board, struct slot_stripes *stripes, uint32_t slot,
		       enum slot_remove_why why, uint64_t now, uint64_t deadline)
{
	struct family_hold family = { 0 };

	family_add_removal(board, slot, &family);
	int error = family_take(board, &family, deadline);
	if (error < 0)
		return error;
	slot_remove_live(board, stripes, slot, why, now);
	family_drop(board, &family);
	return 0;
}

/* Remove older records with this id first: if a process died during a replacement, removing only
 * the newer record would make the older one visible again. -EBUSY: *ret_busy is locked. */
static int remove_twins(struct board *board, struct slot_stripes *stripes, uint32_t slot,
			uint64_t id_hash, uint64_t now, uint64_t deadline, uint32_t *ret_busy)
{
	char id[LAYOUT_ID];
	uint32_t twin;

	index_read_id(board, slot, id);
	while (index_find(board, id_hash, id, slot, &twin) == 0 && twin != slot) {
		*ret_busy = twin;
		/* Another owner's record is not from a replacement; leave it to repair. */
		if (load_relaxed(&board->heads[twin].owner_hash) !=
		    load_relaxed(&board->heads[slot].owner_hash))
			return 0;
		int error = slot_lock(board, twin, LOCK_TRY);
		if (error < 0)
			return error;
		error = remove_live(board, stripes, twin, SLOT_REMOVE_ASKED, now, deadline);
		slot_unlock(board, twin);
		if (error < 0)
			return error;
	}
	return 0;
}

/* One try to remove. -EBUSY: *ret_busy was locked; all locks have been released. */
static int remove_once(struct board *board, struct trackd_ref ref, enum slot_remove_why why,
		       uint64_t deadline, uint32_t *ret_busy)
{
	const struct layout_head *head = &board->heads[ref.slot];
	uint64_t id_hash = load_relaxed(&head->id_hash);
	uint64_t owner_hash = load_relaxed(&head->owner_hash);
	struct slot_stripes stripes = slot_stripes_of(board, id_hash, owner_hash);
	uint64_t now;
	int error = namespace_now(board, &now);

	if (error < 0)
		return error;
	if (!is_live(load_acquire(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	error = slot_stripes_take(board, &stripes, deadline);
	if (error < 0)
		return error;
	*ret_busy = ref.slot;
	error = try_record(board, ref, id_hash, owner_hash);
	if (error < 0)
		goto drop;
	if (!reason_holds(board, ref.slot, why, now))
		error = -EAGAIN;
	else
		error = remove_twins(board, &stripes, ref.slot, id_hash, now, deadline, ret_busy);
	if (error == 0)
		error = remove_live(board, &stripes, ref.slot, why, now, deadline);
	slot_unlock(board, ref.slot);
drop:
	slot_stripes_drop(&stripes);
	return error;
}

int slot_remove(struct board *board, struct trackd_ref ref, enum slot_remove_why why,
		uint64_t deadline)
{
	uint32_t busy = ref.slot;

	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	for (;;) {
		int error = remove_once(board, ref, why, deadline, &busy);

		if (error != -EBUSY || deadline == LOCK_TRY)
			return error;
		error = slot_wait(board, busy, deadline);
		if (error < 0)
			return error;
	}
}
