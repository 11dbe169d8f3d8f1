/* SPDX-License-Identifier: MIT */
/* Iterating over records: all of a board, or one owner's. Readers' rules as in view.c. */
#include "libclient/record/index.h"
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
	iter->by_owner = 1;
	iter->owner_hash = index_owner_hash(board, owner);
	index_owner_begin(&iter->position);
	memcpy(iter->owner, owner, strlen(owner));
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

void view_iter_move(struct trackd_iter *public_iter, const struct board *board)
{
	struct iter *iter = iter_of(public_iter);
	char owner[LAYOUT_OWNER];

	iter->position = iter->position_before;
	iter->next = iter->next_before;
	/* Same lineage: serials are the same, and so are slots and generations of records that fit
	 * the new capacity. */
	if (iter->lineage == board->hash_seed) {
		/* By owner, the serial gives the position. Over all tasks, records from beyond a
		 * smaller capacity may now be in slots that were passed. */
		if (iter->by_owner || board->capacity < iter->board->capacity)
			iter->next = 0;
		iter->board = board;
		index_owner_move(&iter->position);
	} else if (iter->by_owner) {
		memcpy(owner, iter->owner, sizeof owner);
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

static int next_of_owner(struct iter *iter, struct trackd_ref *ret_ref)
{
	const struct board *board = iter->board;

	/* Tasks without an owner are in no chain. The number of slots bounds the walk if links hold
	 * garbage. */
	while (iter->owner_hash != 0 && iter->next < board->capacity &&
	       index_owner_next(board, iter->owner, iter->owner_hash, &iter->position, ret_ref) ==
		       1) {
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
	if (iter->by_owner) {
		iter->position_before = iter->position;
		found = next_of_owner(iter, &ref);
	} else {
		found = next_of_all(iter, &ref);
	}
	if (found == 1)
		*ret_ref = ref;
	return found;
}
