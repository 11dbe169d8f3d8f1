/* SPDX-License-Identifier: MIT */
/*
 * Hash chains. A writer holds the stripe of the bucket it changes: it links at the head only and
 * unlinks with one store to whatever points at the record. A reader holds nothing. What makes
 * following a link safe:
 *
 *   having read a record's stamp, read again the link that led to it and the stamp of the record
 *   that holds that link; both unchanged, else start over; only then read the record's own link,
 *   and its stamp again.
 *
 * So a link is followed only out of a record that was in the chain while it was read. (Checking
 * just the generation before following the link loses live tasks: a model checker found it.) FREE
 * means that the record has left the chain: start over. CLAIMED and REMOVING are in the chain, or
 * were a moment ago: pass through. A stamp counts as unchanged whatever its version: publishing
 * moves no link.
 */
#include "index.h"
#include "atomic.h"
#include "text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { RESTARTS = 16, ROUNDS = 4 };

/* The walk's state lives in registers only if all of it is inlined: half the cost of a lookup. */
#define INLINE static inline __attribute__((always_inline))

uint64_t index_id_hash(const struct board *board, const char *id)
{
	return XXH3_64bits_withSeed(id, strlen(id), board->hash_seed);
}

uint64_t index_owner_hash(const struct board *board, const char *owner)
{
	if (owner[0] == '\0')
		return 0;
	uint64_t hash = XXH3_64bits_withSeed(owner, strlen(owner), ~board->hash_seed);
	return hash ? hash : 1; /* 0 is nobody */
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

/* ---- Comparing in place -------------------------------------------------- */

/* An id or owner, ready to be compared with the fields of the segment, which are padded with zeros.
 */
struct key {
	uint64_t hash;
	const char *text;
	size_t n;      /* whole words of the text */
	uint64_t tail; /* the rest of it, as the field's word after those */
};

static_assert(LAYOUT_ID == LAYOUT_OWNER, "one key for both");

/* False: too long to be anything's key. */
INLINE bool key_make(struct key *key, const char *text, size_t length, uint64_t hash)
{
	*key = (struct key){ hash, text, length / 8, text_tail(text, length) };
	return length < LAYOUT_ID;
}

INLINE bool key_is(const struct key *key, const uint8_t *field)
{
	const word_t *words = (const void *)field;

	for (size_t i = 0; i < key->n; i++)
		if (load_relaxed(&words[i]) != text_word(key->text + 8 * i))
			return false;
	return load_relaxed(&words[key->n]) == key->tail;
}

INLINE bool is_id(const struct board *board, uint32_t slot, const struct key *id)
{
	return load_relaxed(&board->heads[slot].id_hash) == id->hash &&
	       key_is(id, board->bodies[slot].id);
}

INLINE bool is_owner(const struct board *board, uint32_t slot, const struct key *owner)
{
	return load_relaxed(&board->heads[slot].owner_hash) == owner->hash &&
	       key_is(owner, board->details[slot].owner);
}

/* ---- Walking without a lock ---------------------------------------------- */

enum chain { BY_ID, BY_OWNER };

INLINE const uint32_t *link_of(const struct board *board, enum chain chain, uint32_t slot)
{
	const struct layout_head *head = &board->heads[slot];

	return chain == BY_ID ? &head->id_next : &head->owner_next;
}

struct walk {
	const struct board *board;
	enum chain chain;
	const uint32_t *link; /* the link that leads on */
	uint32_t next;        /* what it said */
	uint32_t first;       /* what the bucket said at the beginning */
	uint64_t first_stamp; /* and the stamp of that record */
	const uint32_t *bucket;
	uint32_t holder; /* slot that holds the link; UINT32_MAX: the bucket */
	uint64_t holder_stamp;
	uint32_t slot; /* where we stand */
	uint64_t stamp;
	uint32_t steps;
};

enum step { STEP_AT, STEP_END, STEP_RESTART, STEP_LOST };

INLINE void walk_begin(struct walk *walk, const struct board *board, enum chain chain,
		       uint32_t bucket)
{
	const uint32_t *buckets = chain == BY_ID ? board->id_buckets : board->owner_buckets;

	*walk = (struct walk){ .board = board, .chain = chain, .holder = UINT32_MAX };
	walk->link = &buckets[bucket];
	if (chain == BY_ID) /* an owner's newer tasks are none of a walk's business */
		walk->bucket = walk->link;
	walk->first = walk->next = load_acquire(walk->link);
}

/* Begin in the middle: at a record that the caller saw LIVE with this stamp. */
INLINE bool walk_resume(struct walk *walk, const struct board *board, enum chain chain,
			uint32_t slot, uint64_t stamp)
{
	*walk = (struct walk){ .board = board, .chain = chain, .holder = slot };
	walk->link = link_of(board, chain, slot);
	walk->holder_stamp = stamp;
	walk->next = load_acquire(walk->link);
	fence_acquire();
	return stamp_same_tenant(load_relaxed(&board->heads[slot].stamp), stamp);
}

INLINE bool holder_unchanged(const struct walk *walk)
{
	if (load_relaxed(walk->link) != walk->next)
		return false;
	return walk->holder == UINT32_MAX ||
	       stamp_same_tenant(load_relaxed(&walk->board->heads[walk->holder].stamp),
				 walk->holder_stamp);
}

/* Ask for all that an update or a view will touch as soon as the slot is known: the lines arrive
 * while the head is still on its way. Which copy is in force is not known yet, so both. */
INLINE void prefetch_body(const struct board *board, uint32_t slot)
{
	const struct layout_body *body = &board->bodies[slot];

	prefetch(body->id);
	prefetch(&body->mutex);
	prefetch(&body->copy[0]);
	prefetch(&body->copy[1]);
}

/* At the end of a chain: whether nothing was linked at its bucket since we began. A record that
 * replaced one behind us was linked there before that one was removed. The same slot is not enough:
 * it may have left, and come back with another tenant in front of that record. */
INLINE bool bucket_unchanged(const struct walk *walk)
{
	if (!walk->bucket)
		return true;
	fence_acquire();
	if (load_acquire(walk->bucket) != walk->first)
		return false;
	return walk->first == 0 ||
	       stamp_same_tenant(load_relaxed(&walk->board->heads[walk->first - 1].stamp),
				 walk->first_stamp);
}

/* Go to the record that the link names. */
INLINE enum step walk_enter(struct walk *walk)
{
	const struct board *board = walk->board;

	if (walk->next == 0)
		return bucket_unchanged(walk) ? STEP_END : STEP_RESTART;
	walk->slot = walk->next - 1;
	if (walk->slot >= board->capacity || walk->steps++ > board->capacity)
		return STEP_LOST;
	prefetch_body(board, walk->slot);
	walk->stamp = load_acquire(&board->heads[walk->slot].stamp);
	fence_acquire();
	if (!holder_unchanged(walk) || stamp_state(walk->stamp) == SLOT_FREE)
		return STEP_RESTART;
	if (walk->holder == UINT32_MAX)
		walk->first_stamp = walk->stamp;
	return STEP_AT;
}

/* Read the link of the record where we stand. */
INLINE enum step walk_leave(struct walk *walk)
{
	/* Not before walk_enter() has seen again the link that led here, and its holder's stamp. */
	fence_acquire();
	walk->link = link_of(walk->board, walk->chain, walk->slot);
	walk->holder = walk->slot;
	walk->holder_stamp = walk->stamp;
	walk->next = load_acquire(walk->link);
	fence_acquire();
	if (!stamp_same_tenant(load_relaxed(&walk->board->heads[walk->slot].stamp), walk->stamp))
		return STEP_RESTART;
	return STEP_AT;
}

/* Whether the record where we stand was the same tenant while we compared its key. */
INLINE bool walk_still(const struct walk *walk)
{
	fence_acquire();
	return stamp_same_tenant(load_relaxed(&walk->board->heads[walk->slot].stamp), walk->stamp);
}

/* ---- By id --------------------------------------------------------------- */

/* One pass of the chain: STEP_AT found, STEP_END not there. */
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

/* Without the chains, for when they keep changing under us or are damaged. */
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

/* ---- Linking and unlinking, under the stripe ----------------------------- */

/* Find what points at slot and let it point behind it. */
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
		struct layout_head *head = &board->heads[next - 1];
		link = chain == BY_ID ? &head->id_next : &head->owner_next;
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

/* The record before slot in its owner's chain, if the hint can be believed: LIVE, in this bucket,
 * and its link is slot. */
static struct layout_head *owner_before(struct board *board, uint32_t slot, uint32_t bucket)
{
	uint32_t hint = load_relaxed(&board->heads[slot].owner_prev);

	if (hint == 0 || hint > board->capacity)
		return NULL;
	struct layout_head *before = &board->heads[hint - 1];
	/* It may be becoming another chain's at this moment. The stamp first: LIVE as that tenant
	 * shows that tenant's hash and link too. Pairs with the release of the stamp in tenant.c. */
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

/* ---- By owner ------------------------------------------------------------ */

INLINE bool wanted(const struct walk *walk, const struct key *owner, uint64_t below)
{
	return stamp_state(walk->stamp) == SLOT_LIVE &&
	       load_relaxed(&walk->board->heads[walk->slot].serial) < below &&
	       is_owner(walk->board, walk->slot, owner);
}

/* Go on along a chain that was begun, to the next record of this owner with a serial below `below`.
 */
static enum step pass_owner(struct walk *walk, const struct key *owner, uint64_t below,
			    uint64_t *ret_serial)
{
	for (;;) {
		enum step step = walk_enter(walk);

		if (step != STEP_AT)
			return step;
		if (wanted(walk, owner, below)) {
			*ret_serial = load_relaxed(&walk->board->heads[walk->slot].serial);
			return walk_still(walk) ? STEP_AT : STEP_RESTART;
		}
		step = walk_leave(walk);
		if (step != STEP_AT)
			return step;
	}
}

static bool scan_owner(const struct board *board, const struct key *owner, uint64_t *serial,
		       struct trackd_ref *ret_ref)
{
	uint64_t best = 0;
	bool found = false;

	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		const struct layout_head *head = &board->heads[slot];
		uint64_t stamp = load_acquire(&head->stamp);
		uint64_t own = load_relaxed(&head->serial);

		if (stamp_state(stamp) != SLOT_LIVE || own >= *serial || own < best ||
		    !is_owner(board, slot, owner))
			continue;
		fence_acquire();
		if (!stamp_same_tenant(load_relaxed(&head->stamp), stamp))
			continue;
		*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
		best = own;
		found = true;
	}
	if (found)
		*serial = best;
	return found;
}

int index_owner_next(const struct board *board, const char *owner, uint64_t hash, uint64_t *serial,
		     struct trackd_ref *position, struct trackd_ref *ret_ref)
{
	struct walk walk;
	struct key key;
	uint64_t found = 0;
	uint64_t stamp = stamp_make(position->generation, 0, SLOT_LIVE);
	bool resumed = position->slot < board->capacity &&
		       walk_resume(&walk, board, BY_OWNER, position->slot, stamp);

	if (!key_make(&key, owner, strlen(owner), hash))
		return 0;
	for (int i = 0; i < RESTARTS; i++, resumed = false) {
		if (!resumed)
			walk_begin(&walk, board, BY_OWNER, index_bucket(board, hash));
		enum step step = pass_owner(&walk, &key, *serial, &found);

		if (step == STEP_AT) {
			*serial = found;
			*position = *ret_ref =
				(struct trackd_ref){ walk.slot, stamp_generation(walk.stamp) };
			return 1;
		}
		if (step == STEP_END)
			return 0;
		if (step == STEP_LOST)
			break;
	}
	*position = (struct trackd_ref){ UINT32_MAX, 0 };
	return scan_owner(board, &key, serial, ret_ref);
}
