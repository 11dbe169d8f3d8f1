/* SPDX-License-Identifier: MIT */
/*
 * The check of an adopted board. It walks all chains once, without locks, and marks the records
 * that it reaches in a map; then every LIVE record must be in the map. Producers may be writing
 * meanwhile, so an apparent fault is checked again with its stripe locked before it counts.
 */
#include "daemon/board/consistency_check.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <stdlib.h>
#include <string.h>

static const uint64_t STRIPE_WAIT_NS = 500 * NS_PER_MS;

enum { CHAIN_ID, CHAIN_OWNER };

/* One of the two kinds of chains of a board. */
struct chains {
	struct board *board;
	int which;
	uint64_t *map; /* a bit for each slot that was reached */
};

static uint64_t hash_of(const struct chains *chains, uint32_t slot)
{
	const struct layout_head *head = &chains->board->heads[slot];

	return load_relaxed(chains->which == CHAIN_ID ? &head->id_hash : &head->owner_hash);
}

static uint32_t first_of(const struct chains *chains, uint32_t bucket)
{
	const struct board *board = chains->board;

	return load_acquire(chains->which == CHAIN_ID ? &board->id_buckets[bucket]
						      : &board->owner_buckets[bucket]);
}

static uint32_t next_of(const struct chains *chains, uint32_t slot)
{
	const struct layout_head *head = &chains->board->heads[slot];

	return load_acquire(chains->which == CHAIN_ID ? &head->id_next : &head->owner_next);
}

/* Every LIVE record must have its bit in the map of used slots, which searches and sweeps use. */
static bool is_mapped(const struct board *board, uint32_t slot)
{
	return stamp_state(load_acquire(&board->heads[slot].stamp)) != SLOT_LIVE ||
	       map_is_set(board, slot);
}

/* Walk a bucket's chain and mark the records it reaches. False: the chain leaves the board, its
 * bucket or the map of used slots, or does not end. */
static bool walk(const struct chains *chains, uint32_t bucket)
{
	uint32_t link = first_of(chains, bucket);

	for (uint32_t steps = 0; link != 0; steps++) {
		uint32_t slot = link - 1;
		if (slot >= chains->board->capacity || steps > chains->board->capacity ||
		    index_bucket(chains->board, hash_of(chains, slot)) != bucket ||
		    !is_mapped(chains->board, slot))
			return false;
		chains->map[slot / 64] |= UINT64_C(1) << (slot % 64);
		link = next_of(chains, slot);
	}
	return true;
}

/* The same with the bucket's stripe locked, so that the result is reliable. */
static bool walk_locked(const struct chains *chains, uint32_t bucket)
{
	struct board *board = chains->board;
	struct layout_stripe *stripes =
		chains->which == CHAIN_ID ? board->id_stripes : board->owner_stripes;
	union layout_mutex *mutex = &stripes[index_stripe(bucket)].mutex;
	bool good;

	if (lock_take(mutex, clock_monotonic_ns() + STRIPE_WAIT_NS) < 0)
		return true;
	good = walk(chains, bucket);
	lock_drop(mutex);
	return good;
}

static bool is_met(const struct chains *chains, uint32_t slot)
{
	return (chains->map[slot / 64] >> (slot % 64) & 1) != 0;
}

/* Whether a record is in its chain, or has been removed meanwhile. */
static bool is_linked(const struct chains *chains, struct trackd_ref ref)
{
	struct trackd_ref now;
	uint64_t hash = hash_of(chains, ref.slot);

	if (is_met(chains, ref.slot) || (chains->which == CHAIN_OWNER && hash == 0))
		return true;
	if (walk_locked(chains, index_bucket(chains->board, hash)) && is_met(chains, ref.slot))
		return true;
	return !task_at(chains->board, ref.slot, &now) || now.generation != ref.generation;
}

static bool chains_hold(struct board *board, int which)
{
	struct chains chains = { .board = board, .which = which };
	struct trackd_ref ref;
	bool good = true;

	chains.map = calloc(board->capacity / 64 + 1, sizeof *chains.map);
	if (!chains.map)
		return true;
	for (uint32_t bucket = 0; good && bucket < board->capacity; bucket++)
		good = walk(&chains, bucket) || walk_locked(&chains, bucket);
	for (uint32_t slot = slot_next_used(board, 0); good && slot < board->capacity;
	     slot = slot_next_used(board, slot + 1))
		good = !task_at(board, slot, &ref) || is_linked(&chains, ref);
	free(chains.map);
	return good;
}

bool consistency_check_kinds(const struct board *board)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	uint32_t n = load_acquire(&board->kinds->n); /* pairs with the release in kind.c */

	if (n == 0 || n > LAYOUT_KINDS)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (kind_get(board, (int)i, &kind) < 0 || !text_word_valid(kind.name))
			return false;
	return true;
}

/* Check the id and kind of a LIVE record. Both are written before it is LIVE and do not change
 * until it is removed. */
static bool record_holds(const struct board *board, uint32_t slot)
{
	const struct layout_body *body = &board->bodies[slot];
	struct trackd_ref ref, now;
	char id[LAYOUT_ID];

	if (!task_at(board, slot, &ref))
		return true;
	words_load(id, body->id, sizeof id / 8);
	if (memchr(id, '\0', sizeof id) != NULL && text_id_valid(id) &&
	    index_id_hash(board, id) == load_relaxed(&board->heads[slot].id_hash) &&
	    hint_kind(load_relaxed(&board->heads[slot].hint)) < load_relaxed(&board->kinds->n))
		return true;
	fence_acquire();
	return !task_at(board, slot, &now) || now.generation != ref.generation;
}

static bool records_hold(const struct board *board)
{
	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1))
		if (!record_holds(board, slot))
			return false;
	return true;
}

bool consistency_check(struct board *board)
{
	return consistency_check_kinds(board) && records_hold(board) &&
	       chains_hold(board, CHAIN_ID) && chains_hold(board, CHAIN_OWNER);
}
