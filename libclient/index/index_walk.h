/* SPDX-License-Identifier: MIT */
/*
 * Walking a chain without a lock, as index.c describes. Only the parts of the index include this.
 */
#ifndef TRACKD_INDEX_INDEX_WALK_H
#define TRACKD_INDEX_INDEX_WALK_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"
#include "libclient/segment/text.h"

enum { RESTARTS = 16 };

/* The walk's state stays in registers only if all of it is inlined, which halves the cost of a
 * lookup. */
#define INLINE static inline __attribute__((always_inline))

/* ---- Comparing in place -------------------------------------------------- */

/* An id or owner, ready to be compared with the fields of the segment, which are padded with zeros.
 */
struct key {
	uint64_t hash;
	const char *text;
	size_t n;      /* number of whole words of the text */
	uint64_t tail; /* the remaining bytes, as the field's next word */
};

static_assert(LAYOUT_ID == LAYOUT_OWNER, "one key for both");

/* False: too long to be a key. */
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

enum walk_chain { BY_ID, BY_OWNER, BY_PARENT };

INLINE const uint32_t *link_of(const struct board *board, enum walk_chain chain, uint32_t slot)
{
	const struct layout_head *head = &board->heads[slot];

	if (chain == BY_PARENT)
		return &board->families[slot].next;
	return chain == BY_ID ? &head->id_next : &head->owner_next;
}

struct walk {
	const struct board *board;
	enum walk_chain chain;
	const uint32_t *link; /* the link to the next record */
	uint32_t next;        /* its value */
	uint32_t first;       /* the bucket's value at the start of the walk */
	uint64_t first_stamp; /* the stamp of that record */
	const uint32_t *bucket;
	uint32_t holder; /* slot that holds the link; UINT32_MAX: the bucket */
	uint64_t holder_stamp;
	uint32_t slot; /* the current record */
	uint64_t stamp;
	uint32_t steps;
};

enum step { STEP_AT, STEP_END, STEP_RESTART, STEP_LOST };

INLINE void walk_begin(struct walk *walk, const struct board *board, enum walk_chain chain,
		       uint32_t bucket)
{
	const uint32_t *buckets = chain == BY_ID ? board->id_buckets : board->owner_buckets;

	*walk = (struct walk){ .board = board, .chain = chain, .holder = UINT32_MAX };
	walk->link = &buckets[bucket];
	if (chain == BY_ID) /* a walk by owner need not see newer tasks */
		walk->bucket = walk->link;
	walk->first = walk->next = load_acquire(walk->link);
}

/* Begin with the first child of a LIVE record. */
INLINE void walk_begin_children(struct walk *walk, const struct board *board,
				struct trackd_ref parent)
{
	*walk = (struct walk){ .board = board,
			       .chain = BY_PARENT,
			       .holder = parent.slot,
			       .holder_stamp = stamp_make(parent.generation, 0, SLOT_LIVE) };
	walk->link = &board->families[parent.slot].first;
	walk->next = load_acquire(walk->link);
}

INLINE bool holder_unchanged(const struct walk *walk)
{
	if (load_relaxed(walk->link) != walk->next)
		return false;
	return walk->holder == UINT32_MAX ||
	       stamp_same_tenant(load_relaxed(&walk->board->heads[walk->holder].stamp),
				 walk->holder_stamp);
}

/* Prefetch every line that an update or a view will touch as soon as the slot is known, in parallel
 * with the head. The current copy is not known yet, so prefetch both. */
INLINE void prefetch_body(const struct board *board, uint32_t slot)
{
	const struct layout_body *body = &board->bodies[slot];

	prefetch(body->id);
	prefetch(&body->mutex);
	prefetch(&body->copy[0]);
	prefetch(&body->copy[1]);
}

/* At the end of a chain: whether no record was linked at its bucket since the walk began. A
 * replacement is linked there before the record that it replaces is removed. Comparing the slot is
 * not enough: the first record may have been removed and its slot reused in front of the
 * replacement. */
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

/* Move to the record that the link names. */
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

/* Read the link of the current record. */
INLINE enum step walk_leave(struct walk *walk)
{
	/* Only after walk_enter() has checked the link that led here and its holder's stamp
	 * again. */
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

/* Whether the current record kept its tenant while its key was compared. */
INLINE bool walk_still(const struct walk *walk)
{
	fence_acquire();
	return stamp_same_tenant(load_relaxed(&walk->board->heads[walk->slot].stamp), walk->stamp);
}

#endif
