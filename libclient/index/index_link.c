/* SPDX-License-Identifier: MIT */
/*
 * Linking and unlinking records, with the bucket's stripe locked: link at the head only, and unlink
 * with one store to the link that points at the record. index.c describes the readers' side.
 */
#include "libclient/index/index.h"
#include "libclient/segment/atomic.h"

enum chain { BY_ID, BY_OWNER };

static uint32_t *link_of(struct board *board, enum chain chain, uint32_t slot)
{
	struct layout_head *head = &board->heads[slot];

	return chain == BY_ID ? &head->id_next : &head->owner_next;
}

/* Find the link that points at slot and make it point to the record after it. */
static void unlink_by_walk(struct board *board, uint32_t *bucket, enum chain chain, uint32_t slot)
{
	uint32_t *link = bucket;
	uint32_t behind = load_relaxed(link_of(board, chain, slot));

	for (uint32_t steps = 0; steps <= board->capacity; steps++) {
		uint32_t next = load_relaxed(link);

		if (next == slot + 1) {
			store_release(link, behind);
			return;
		}
		if (next == 0 || next > board->capacity)
			return;
		link = link_of(board, chain, next - 1);
	}
}

void index_link_id(struct board *board, uint32_t slot)
{
	struct layout_head *head = &board->heads[slot];
	uint32_t *bucket = &board->id_buckets[index_bucket(board, load_relaxed(&head->id_hash))];

	store_relaxed(&head->id_next, load_relaxed(bucket));
	store_release(bucket, slot + 1); /* pairs with load_acquire in walk_begin() */
}

void index_unlink_id(struct board *board, uint32_t slot)
{
	uint64_t hash = load_relaxed(&board->heads[slot].id_hash);

	unlink_by_walk(board, &board->id_buckets[index_bucket(board, hash)], BY_ID, slot);
}

void index_link_owner(struct board *board, uint32_t slot)
{
	struct layout_head *head = &board->heads[slot];
	uint64_t hash = load_relaxed(&head->owner_hash);

	if (hash == 0)
		return;
	uint32_t *bucket = &board->owner_buckets[index_bucket(board, hash)];
	uint32_t first = load_relaxed(bucket);
	store_relaxed(&head->owner_next, first);
	store_relaxed(&head->owner_prev, 0);
	if (first != 0 && first <= board->capacity)
		store_relaxed(&board->heads[first - 1].owner_prev, slot + 1);
	store_release(bucket, slot + 1); /* pairs with load_acquire in walk_begin() */
}

/* The record before slot in its owner's chain, if owner_prev is correct: the record is LIVE, in
 * this bucket, and its link names slot. */
static struct layout_head *owner_before(struct board *board, uint32_t slot, uint32_t bucket)
{
	uint32_t hint = load_relaxed(&board->heads[slot].owner_prev);

	if (hint == 0 || hint > board->capacity)
		return NULL;
	struct layout_head *before = &board->heads[hint - 1];
	/* The slot may just be getting a tenant of another chain. Load the stamp first: if it is
	 * LIVE, the hash and link of that tenant are visible too. Pairs with the release of the
	 * stamp in tenant.c. */
	if (stamp_state(load_acquire(&before->stamp)) != SLOT_LIVE)
		return NULL;
	uint64_t hash = load_relaxed(&before->owner_hash);
	if (hash == 0 || index_bucket(board, hash) != bucket ||
	    load_relaxed(&before->owner_next) != slot + 1)
		return NULL;
	return before;
}

void index_unlink_owner(struct board *board, uint32_t slot)
{
	struct layout_head *head = &board->heads[slot];
	uint64_t hash = load_relaxed(&head->owner_hash);

	if (hash == 0)
		return;
	uint32_t bucket = index_bucket(board, hash);
	uint32_t behind = load_relaxed(&head->owner_next);
	struct layout_head *before = owner_before(board, slot, bucket);
	if (before)
		store_release(&before->owner_next, behind);
	else
		unlink_by_walk(board, &board->owner_buckets[bucket], BY_OWNER, slot);
	if (behind != 0 && behind <= board->capacity)
		store_relaxed(&board->heads[behind - 1].owner_prev,
			      load_relaxed(&head->owner_prev));
}
