/* SPDX-License-Identifier: MIT */
/*
 * Hash chains. A writer holds the stripe of the bucket it changes: it links at the head only and
 * unlinks with one store to the link that points at the record. A reader holds no lock. It follows
 * a link safely by this rule:
 *
 *   having read a record's stamp, read again the link that led to it and the stamp of the record
 *   that holds that link; both unchanged, else start over; only then read the record's own link,
 *   and its stamp again.
 *
 * So a reader follows a link only from a record that was in the chain when the link was read.
 * (Checking only the generation before following the link misses live tasks, as a model checker
 * found.) FREE means that the record has left the chain: start over. CLAIMED and REMOVING records
 * are in the chain or were a moment ago: continue past them. Stamps are compared without their
 * version, because publishing changes no link.
 */
#include "libclient/index/index.h"
#include "libclient/index/index_walk.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { ROUNDS = 4 };

uint64_t index_id_hash(const struct board *board, const char *id)
{
	return XXH3_64bits_withSeed(id, strlen(id), board->hash_seed);
}

uint64_t index_owner_hash(const struct board *board, const char *owner)
{
	if (owner[0] == '\0')
		return 0;
	uint64_t hash = XXH3_64bits_withSeed(owner, strlen(owner), ~board->hash_seed);
	return hash ? hash : 1; /* 0 means no owner */
}

uint32_t index_bucket(const struct board *board, uint64_t hash)
{
	/* Multiply and shift (D. Lemire, "Fast random integer generation in an interval", 2019). */
	return (uint32_t)(((hash >> 32) * board->capacity) >> 32);
}

void index_read_id(const struct board *board, uint32_t slot, char *ret_id)
{
	uint64_t words[LAYOUT_ID / 8];

	words_load(words, board->bodies[slot].id, LAYOUT_ID / 8);
	memcpy(ret_id, words, LAYOUT_ID);
	ret_id[LAYOUT_ID - 1] = '\0';
}

/* ---- By id --------------------------------------------------------------- */

/* One pass over the chain. STEP_AT: found; STEP_END: not found. */
static enum step pass_id(const struct board *board, const struct key *id, struct walk *walk)
{
	enum step step;

	walk_begin(walk, board, BY_ID, index_bucket(board, id->hash));
	for (;;) {
		step = walk_enter(walk);
		if (step != STEP_AT)
			return step;
		if (stamp_state(walk->stamp) == SLOT_LIVE && is_id(board, walk->slot, id))
			return walk_still(walk) ? STEP_AT : STEP_RESTART;
		step = walk_leave(walk);
		if (step != STEP_AT)
			return step;
	}
}

/* Search without the chains, if they keep changing during the walk or are damaged. */
static bool scan_id(const struct board *board, const struct key *id, uint32_t *ret_slot,
		    uint64_t *ret_stamp)
{
	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		uint64_t stamp = load_acquire(&board->heads[slot].stamp);

		if (stamp_state(stamp) != SLOT_LIVE || !is_id(board, slot, id))
			continue;
		fence_acquire();
		if (!stamp_same_tenant(load_relaxed(&board->heads[slot].stamp), stamp))
			continue;
		*ret_slot = slot;
		*ret_stamp = stamp;
		return true;
	}
	return false;
}

int index_lookup(const struct board *board, const char *id, uint32_t *ret_slot, uint64_t *ret_stamp)
{
	struct key key;
	struct walk walk;

	size_t length = strlen(id);

	if (!key_make(&key, id, length, XXH3_64bits_withSeed(id, length, board->hash_seed)))
		return TRACKD_E_NOT_FOUND;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < RESTARTS; i++) {
			enum step step = pass_id(board, &key, &walk);

			if (step == STEP_AT) {
				*ret_slot = walk.slot;
				*ret_stamp = walk.stamp;
				return 0;
			}
			if (step == STEP_END)
				return TRACKD_E_NOT_FOUND;
			if (step == STEP_LOST)
				break;
		}
		if (scan_id(board, &key, ret_slot, ret_stamp))
			return 0;
	}
	return TRACKD_E_NOT_FOUND;
}

int index_find(const struct board *board, uint64_t hash, const char *id, uint32_t after,
	       uint32_t *ret_slot)
{
	uint32_t next = after == UINT32_MAX
				? load_relaxed(&board->id_buckets[index_bucket(board, hash)])
				: load_relaxed(&board->heads[after].id_next);
	struct key key;

	if (!key_make(&key, id, strlen(id), hash))
		return TRACKD_E_NOT_FOUND;

	for (uint32_t steps = 0; next != 0 && steps <= board->capacity; steps++) {
		uint32_t slot = next - 1;

		if (slot >= board->capacity)
			return TRACKD_E_DAMAGED;
		if (stamp_state(load_acquire(&board->heads[slot].stamp)) == SLOT_LIVE &&
		    is_id(board, slot, &key)) {
			*ret_slot = slot;
			return 0;
		}
		next = load_relaxed(&board->heads[slot].id_next);
	}
	return next == 0 ? TRACKD_E_NOT_FOUND : TRACKD_E_DAMAGED;
}
