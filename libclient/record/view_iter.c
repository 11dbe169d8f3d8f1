/* SPDX-License-Identifier: MIT */
/* Iterating over records: all of a board, or one owner's. Readers' rules as in view.c. */
#include "libclient/index/index.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include <string.h>

static struct iter *iter_of(struct trackd_iter *iter)
{
	return (struct iter *)(void *)iter;
}

void view_iter_all(const struct board *board, struct trackd_iter *ret_iter)
{
	memset(ret_iter, 0, sizeof *ret_iter);
	iter_of(ret_iter)->board = board;
	iter_of(ret_iter)->lineage = board->hash_seed;
}

void view_iter_owner(const struct board *board, const char *owner, struct trackd_iter *ret_iter)
{
	struct iter *iter = iter_of(ret_iter);

	memset(ret_iter, 0, sizeof *ret_iter);
	iter->board = board;
	iter->lineage = board->hash_seed;
	iter->by = ITER_OWNER;
	iter->owner_hash = index_owner_hash(board, owner);
	index_owner_begin(&iter->position);
	memcpy(iter->key, owner, strlen(owner));
}

int view_iter_after(const struct board *board, const char *owner, struct trackd_ref ref,
		    struct trackd_iter *ret_iter)
{
	struct iter *iter = iter_of(ret_iter);

	view_iter_owner(board, owner, ret_iter);
	if (ref.slot >= board->capacity || iter->owner_hash == 0)
		return TRACKD_E_GONE;
	const struct layout_head *head = &board->heads[ref.slot];
	if (!stamp_is_live(load_acquire(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	uint64_t hash = load_relaxed(&head->owner_hash), serial = load_relaxed(&head->serial);
	/* If the generation is unchanged, both values are of this tenant. */
	fence_acquire();
	if (!stamp_is_live(load_relaxed(&head->stamp), ref.generation) || hash != iter->owner_hash)
		return TRACKD_E_GONE;
	index_owner_resume(&iter->position, ref.slot, serial);
	return 0;
}

int view_iter_children(const struct board *board, struct trackd_ref ref,
		       struct trackd_iter *ret_iter)
{
	struct iter *iter = iter_of(ret_iter);

	if (ref.slot >= board->capacity ||
	    !stamp_is_live(load_acquire(&board->heads[ref.slot].stamp), ref.generation))
		return TRACKD_E_GONE;
	memset(ret_iter, 0, sizeof *ret_iter);
	iter->board = board;
	iter->lineage = board->hash_seed;
	iter->by = ITER_PARENT;
	iter->parent = ref;
	iter->serial = load_relaxed(&board->heads[ref.slot].serial);
	index_read_id(board, ref.slot, iter->key);
	index_owner_begin(&iter->position);
	fence_acquire(); /* id and serial are of this tenant */
	return stamp_is_live(load_relaxed(&board->heads[ref.slot].stamp), ref.generation)
		       ? 0
		       : TRACKD_E_GONE;
}

/* Find the parent on another board, by id and serial; otherwise it is gone. */
static void move_parent(struct iter *iter, const struct board *board)
{
	uint32_t slot;
	uint64_t stamp;

	if (index_lookup(board, iter->key, &slot, &stamp) == 0 &&
	    load_relaxed(&board->heads[slot].serial) == iter->serial)
		iter->parent = (struct trackd_ref){ slot, stamp_generation(stamp) };
	else
		iter->parent = (struct trackd_ref){ UINT32_MAX, 0 };
}

void view_iter_move(struct trackd_iter *public_iter, const struct board *board)
{
	struct iter *iter = iter_of(public_iter);
	char owner[LAYOUT_OWNER];

	iter->position = iter->position_before;
	iter->next = iter->next_before;
	/* Same lineage: serials are the same, and so are slots and generations of records that fit
	 * the new capacity. Serials also survive a snapshot. */
	if (iter->lineage == board->hash_seed || iter->by == ITER_PARENT) {
		/* In a chain, the serial gives the position. Over all tasks, records from beyond a
		 * smaller capacity may now be in slots that were passed. */
		if (iter->by != ITER_ALL || board->capacity < iter->board->capacity)
			iter->next = 0;
		iter->board = board;
		iter->lineage = board->hash_seed;
		if (iter->by == ITER_PARENT)
			move_parent(iter, board);
		index_owner_move(&iter->position);
	} else if (iter->by == ITER_OWNER) {
		memcpy(owner, iter->key, sizeof owner);
		view_iter_owner(board, owner, public_iter);
	} else {
		view_iter_all(board, public_iter);
	}
}

static bool expired(const struct board *board, uint32_t slot)
{
	return board_coarse_ns(board) >= load_relaxed(&board->heads[slot].deadline);
}

static int next_of_all(struct iter *iter, struct trackd_ref *ret_ref)
{
	const struct board *board = iter->board;

	while ((iter->next = slot_next_used(board, iter->next)) < board->capacity) {
		uint32_t slot = iter->next++;
		uint64_t stamp = load_acquire(&board->heads[slot].stamp);

		if (stamp_state(stamp) != SLOT_LIVE || expired(board, slot))
			continue;
		*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
		return 1;
	}
	return 0;
}

static int next_of_chain(struct iter *iter, struct trackd_ref *ret_ref)
{
	const struct board *board = iter->board;

	if (iter->by == ITER_PARENT)
		return index_child_next(board, iter->parent, &iter->position, ret_ref);
	/* Tasks without an owner are in no chain. */
	return iter->owner_hash != 0 &&
	       index_owner_next(board, iter->key, iter->owner_hash, &iter->position, ret_ref) == 1;
}

static int next_in_chain(struct iter *iter, struct trackd_ref *ret_ref)
{
	const struct board *board = iter->board;

	/* The number of slots bounds the walk if links hold garbage. */
	while (iter->next < board->capacity && next_of_chain(iter, ret_ref) == 1) {
		iter->next++;
		if (!expired(board, ret_ref->slot))
			return 1;
	}
	return 0;
}

int view_next(struct trackd_iter *public_iter, struct trackd_ref *ret_ref)
{
	struct iter *iter = iter_of(public_iter);
	struct trackd_ref ref;
	int found;

	iter->next_before = iter->next;
	if (iter->by != ITER_ALL) {
		iter->position_before = iter->position;
		found = next_in_chain(iter, &ref);
	} else {
		found = next_of_all(iter, &ref);
	}
	if (found == 1)
		*ret_ref = ref;
	return found;
}
