/* SPDX-License-Identifier: MIT */
/*
 * Repair. The holder of a record's mutex is creating or removing it while it is neither FREE nor
 * LIVE; if the mutex is free, that process has died. Repair reads both hashes before it locks the
 * stripes and checks them again afterwards, because the slot may have changed. It unlinks the
 * record from both chains even if it was not linked. Every step is one store, so the repairing
 * process may die at any point too.
 */
#include "libclient/record/repair.h"
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/record/recount.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/signal/changes.h"
#include "libclient/signal/event.h"
#include "libclient/signal/repair_due.h"
#include <errno.h>

/* How far into one bucket repair searches for duplicates of an id. Chains are longer only if a
 * process wrote garbage. */
enum { TWIN_DEPTH = 256 };

/* ---- Slots --------------------------------------------------------------- */

static bool is_leftover(uint64_t stamp)
{
	return stamp_state(stamp) == SLOT_CLAIMED || stamp_state(stamp) == SLOT_REMOVING;
}

/* Clear the used bit of a FREE slot: its creator died before claiming it, or its remover before
 * clearing the bit. */
static int repair_bit(struct board *board, uint32_t slot)
{
	int error = slot_lock(board, slot, LOCK_TRY);

	if (error < 0)
		return error;
	bool stuck = stamp_state(load_acquire(&board->heads[slot].stamp)) == SLOT_FREE &&
		     map_is_set(board, slot);
	if (stuck)
		map_clear(board, slot);
	slot_unlock(board, slot);
	if (stuck)
		changes_add(board);
	return stuck;
}

/* With the stripes locked. */
static int repair_leftover(struct board *board, uint32_t slot, uint64_t stamp, uint64_t id_hash,
			   uint64_t owner_hash)
{
	struct layout_head *head = &board->heads[slot];
	uint32_t generation = stamp_generation(stamp);
	struct family_hold family = { 0 };
	int error = slot_lock(board, slot, LOCK_TRY);

	if (error < 0)
		return error;
	/* Taking the stripes finishes what the dead remover of a child began. */
	family_add_removal(board, slot, &family);
	error = family_take(board, &family, LOCK_TRY);
	if (error < 0) {
		slot_unlock(board, slot);
		return error;
	}
	bool same = load_acquire(&head->stamp) == stamp &&
		    load_relaxed(&head->id_hash) == id_hash &&
		    load_relaxed(&head->owner_hash) == owner_hash;
	if (same) {
		slot_take_out(board, slot, generation);
		slot_release(board, slot, generation + 1);
		fence_release(); /* pairs with the one in changes_sum() */
		add_relaxed(&board->header->counters.repaired, 1);
	}
	family_drop(board, &family);
	slot_unlock(board, slot);
	return same;
}

int repair_slot(struct board *board, uint32_t slot, uint64_t deadline)
{
	if (slot >= board->capacity)
		return -EINVAL;
	struct layout_head *head = &board->heads[slot];
	uint64_t stamp = load_acquire(&head->stamp);

	if (stamp_state(stamp) == SLOT_FREE && map_is_set(board, slot))
		return repair_bit(board, slot);
	if (!is_leftover(stamp))
		return 0;
	uint64_t id_hash = load_relaxed(&head->id_hash),
		 owner_hash = load_relaxed(&head->owner_hash);
	struct slot_stripes stripes = slot_stripes_of(board, id_hash, owner_hash);
	int error = slot_stripes_take(board, &stripes, deadline);
	if (error < 0)
		return error;
	error = repair_leftover(board, slot, stamp, id_hash, owner_hash);
	slot_stripes_drop(&stripes);
	return error;
}

/* ---- Stripes ------------------------------------------------------------- */

struct count {
	uint32_t live;
	uint32_t steps; /* taken in this slice; limited, because links may hold garbage */
	bool has_twin;
	struct trackd_ref twin; /* the older of two LIVE records with one id */
};

static bool has_older_twin(const struct board *board, uint32_t slot, struct trackd_ref *ret_twin)
{
	char id[LAYOUT_ID];
	uint32_t twin;

	index_read_id(board, slot, id);
	if (index_find(board, load_relaxed(&board->heads[slot].id_hash), id, slot, &twin) < 0 ||
	    twin == slot)
		return false;
	*ret_twin =
		(struct trackd_ref){ twin,
				     stamp_generation(load_relaxed(&board->heads[twin].stamp)) };
	return true;
}

static void count_bucket(const struct board *board, uint32_t bucket, struct count *count)
{
	uint32_t next = load_relaxed(&board->id_buckets[bucket]);

	for (uint32_t depth = 0; next != 0 && next <= board->capacity; depth++) {
		const struct layout_head *head = &board->heads[next - 1];
		uint32_t behind = load_relaxed(&head->id_next);

		if (count->steps++ > board->capacity)
			return;
		if (stamp_state(load_relaxed(&head->stamp)) == SLOT_LIVE) {
			count->live++;
			if (behind != 0 && !count->has_twin && depth < TWIN_DEPTH)
				count->has_twin = has_older_twin(board, next - 1, &count->twin);
		}
		next = behind;
	}
}

uint32_t repair_slices(const struct board *board)
{
	return recount_slice_of(board->capacity - 1) + 1;
}

/* Count the next slice of a locked stripe; after the last slice correct the stripe's count. 1 if it
 * was wrong or a duplicate must be removed. */
static int count_slice(struct board *board, uint32_t stripe, struct count *count)
{
	struct layout_stripe *id_stripe = &board->id_stripes[stripe];
	uint32_t word = load_relaxed(&id_stripe->recount);
	uint32_t slice = recount_slices(word);
	uint64_t bucket = (uint64_t)slice * RECOUNT_BUCKETS * LAYOUT_STRIPES + stripe;

	for (int i = 0; i < RECOUNT_BUCKETS && bucket < board->capacity;
	     i++, bucket += LAYOUT_STRIPES)
		count_bucket(board, (uint32_t)bucket, count);
	if (count->has_twin)
		return 1; /* remove it, then count this slice again */
	uint32_t sum = recount_sum(word) + count->live;
	if (slice + 1 < repair_slices(board)) {
		store_relaxed(&id_stripe->recount, recount_make(slice + 1, sum));
		return 0;
	}
	bool wrong = sum < RECOUNT_SUM_MAX && load_relaxed(&id_stripe->count) != sum;
	if (wrong)
		store_relaxed(&id_stripe->count, sum);
	store_relaxed(&id_stripe->recount, 0);
	return wrong;
}

/* Lock and release a mutex whose holder died. The data that it guards is consistent after every
 * store, so only the mutex needs recovery. */
static int take_over(union layout_mutex *mutex, uint64_t deadline)
{
	if (!lock_orphaned(mutex))
		return 0;
	int error = lock_take(mutex, deadline);

	if (error >= 0)
		lock_drop(mutex);
	return error;
}

int repair_slice(struct board *board, uint32_t stripe, bool first, uint64_t deadline)
{
	struct layout_stripe *id_stripe = &board->id_stripes[stripe];
	int repaired = first ? take_over(&board->owner_stripes[stripe].mutex, deadline) : 0;

	if (first && repaired >= 0) {
		int family = family_repair(board, stripe);

		if (family < 0)
			return family;
		repaired |= family;
	}

	for (uint32_t tries = 0; tries <= TWIN_DEPTH && repaired >= 0; tries++) {
		struct slot_stripes stripes = { id_stripe, NULL };
		struct count count = { 0 };
		int error = slot_stripes_take(board, &stripes, deadline);

		if (error < 0)
			return error;
		if (first && tries == 0) /* restart a count that another process may have begun */
			store_relaxed(&id_stripe->recount, 0);
		repaired |= count_slice(board, stripe, &count);
		slot_stripes_drop(&stripes);
		if (!count.has_twin)
			break;
		error = slot_remove(board, count.twin, SLOT_REMOVE_ASKED, deadline);
		if (error < 0 && error != TRACKD_E_GONE)
			return error;
	}
	if (repaired > 0)
		add_relaxed(&board->header->counters.repaired, 1);
	return repaired;
}

int repair_stripe(struct board *board, uint32_t stripe, uint64_t deadline)
{
	int repaired = 0;

	for (uint32_t slice = 0; slice < repair_slices(board); slice++) {
		int error = repair_slice(board, stripe, slice == 0, deadline);

		if (error < 0)
			return error;
		repaired |= error;
	}
	return repaired;
}

int repair_kinds(struct board *board, uint64_t deadline)
{
	return take_over(&board->kinds->mutex, deadline);
}

/* ---- All ----------------------------------------------------------------- */

/* If the holder died, the record is consistent but its deadline, hint or seal may not match it;
 * slot_lock() restores them. */
int repair_lock(struct board *board, uint32_t slot)
{
	if (!lock_orphaned(&board->bodies[slot].mutex))
		return 0;
	int error = slot_lock(board, slot, LOCK_TRY);

	if (error < 0)
		return error;
	slot_unlock(board, slot);
	return error == LOCK_RECOVERED;
}

/* Add one result. An error does not end the repair: the first one is kept. */
static void add_up(int *repaired, int *error, int result)
{
	if (result > 0)
		*repaired += result;
	else if (result < 0 && *error == 0)
		*error = result;
}

int repair_all(struct board *board, uint64_t deadline)
{
	int repaired = 0, error = 0;

	repair_due_clear(board);
	add_up(&repaired, &error, repair_kinds(board, deadline));
	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		if (repair_lock(board, slot) > 0)
			repaired++;
		add_up(&repaired, &error, repair_slot(board, slot, deadline));
	}
	for (uint32_t stripe = 0; stripe < LAYOUT_STRIPES; stripe++)
		add_up(&repaired, &error, repair_stripe(board, stripe, deadline));
	return error < 0 ? error : repaired;
}
