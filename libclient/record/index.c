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
#include "libclient/record/index.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { RESTARTS = 16, ROUNDS = 4 };

/* The walk's state stays in registers only if all of it is inlined, which halves the cost of a
 * lookup. */
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

enum chain { BY_ID, BY_OWNER };

INLINE const uint32_t *link_of(const struct board *board, enum chain chain, uint32_t slot)
{
	const struct layout_head *head = &board->heads[slot];

	return chain == BY_ID ? &head->id_next : &head->owner_next;
}

struct walk {
	const struct board *board;
	enum chain chain;
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

INLINE void walk_begin(struct walk *walk, const struct board *board, enum chain chain,
		       uint32_t bucket)
{
	const uint32_t *buckets = chain == BY_ID ? board->id_buckets : board->owner_buckets;

	*walk = (struct walk){ .board = board, .chain = chain, .holder = UINT32_MAX };
	walk->link = &buckets[bucket];
	if (chain == BY_ID) /* a walk by owner need not see newer tasks */
		walk->bucket = walk->link;
	walk->first = walk->next = load_acquire(walk->link);
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

/* ---- By owner ------------------------------------------------------------ */

/* A position from which an iteration can continue: a link, and a bound for the serial of its
 * record. */
struct start {
	uint32_t link;
	uint64_t below;
};

/* Move to the record named by a link that was read earlier, from a record of this bucket with a
 * serial of at least `below`. Serials decrease along a bucket's chain, and a new record gets the
 * highest one. So a LIVE record of this bucket with a serial less than `below` is the one that the
 * link named, not a later tenant of its slot. LIVE means that it is in the chain; records between
 * the two have left. (walk_leave() checks that the record stays LIVE while it is read.) */
INLINE bool walk_again(struct walk *walk, struct start start, uint32_t bucket)
{
	const struct board *board = walk->board;

	if (start.link - 1 >= board->capacity)
		return false;
	const struct layout_head *head = &board->heads[start.link - 1];
	walk->steps++;
	walk->slot = start.link - 1;
	walk->stamp = load_acquire(&head->stamp);
	uint64_t hash = load_relaxed(&head->owner_hash);
	return stamp_state(walk->stamp) == SLOT_LIVE && hash != 0 &&
	       index_bucket(board, hash) == bucket && load_relaxed(&head->serial) < start.below;
}

/* Move to where the iteration can continue: the record after the one returned last; if it has left,
 * the one returned last; if that has left too, the remembered record in front of them; otherwise
 * the bucket. The remembered record advances with the iteration, so remaining records are passed
 * only once on such detours. */
static enum step walk_resume(struct walk *walk, const struct board *board,
			     const struct index_position *position, uint32_t bucket)
{
	const struct start starts[] = {
		{ position->ahead, position->serial },
		{ position->here, position->serial + 1 },
		{ position->kept, position->kept_serial + 1 },
	};

	if (position->ahead == 0)
		return STEP_END;
	*walk = (struct walk){ .board = board, .chain = BY_OWNER };
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (walk_again(walk, starts[i], bucket))
			return STEP_AT;
	uint32_t steps = walk->steps;
	walk_begin(walk, board, BY_OWNER, bucket);
	walk->steps = steps;
	return walk_enter(walk);
}

/* Walk from the current record to this owner's next record with a serial below the position's. On
 * STEP_AT, its link has been read. */
static enum step pass_owner(struct walk *walk, const struct key *owner,
			    struct index_position *position)
{
	for (;;) {
		bool live = stamp_state(walk->stamp) == SLOT_LIVE;
		uint64_t serial = load_relaxed(&walk->board->heads[walk->slot].serial);
		bool before = live && serial >= position->serial;
		bool wanted = live && !before && is_owner(walk->board, walk->slot, owner);
		uint32_t slot = walk->slot;
		enum step step = walk_leave(walk);

		if (step != STEP_AT)
			return step;
		if (wanted) {
			position->serial = serial;
			position->here = slot + 1;
			position->ahead = walk->next;
			return STEP_AT;
		}
		if (before) {
			position->kept = slot + 1;
			position->kept_serial = serial;
		}
		step = walk_enter(walk);
		if (step != STEP_AT)
			return step;
	}
}

static bool scan_owner(const struct board *board, const struct key *owner,
		       struct index_position *position, struct trackd_ref *ret_ref)
{
	uint64_t best = 0;
	bool found = false;

	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		const struct layout_head *head = &board->heads[slot];
		uint64_t stamp = load_acquire(&head->stamp);
		uint64_t own = load_relaxed(&head->serial);

		if (stamp_state(stamp) != SLOT_LIVE || own >= position->serial || own < best ||
		    !is_owner(board, slot, owner))
			continue;
		fence_acquire();
		if (!stamp_same_tenant(load_relaxed(&head->stamp), stamp))
			continue;
		*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
		best = own;
		found = true;
	}
	if (found) {
		position->serial = best;
		position->here = ret_ref->slot + 1;
		position->ahead = INDEX_NO_LINK;
	}
	return found;
}

void index_owner_begin(struct index_position *ret_position)
{
	*ret_position = (struct index_position){ .serial = UINT64_MAX,
						 .here = INDEX_NO_LINK,
						 .ahead = INDEX_NO_LINK,
						 .kept = INDEX_NO_LINK };
}

void index_owner_resume(struct index_position *ret_position, uint32_t slot, uint64_t serial)
{
	*ret_position = (struct index_position){
		.serial = serial, .here = slot + 1, .ahead = INDEX_NO_LINK, .kept = INDEX_NO_LINK
	};
}

void index_owner_move(struct index_position *position)
{
	position->here = position->ahead = position->kept = INDEX_NO_LINK;
}

/* A caller that iterates reads each task before it requests the next one; prefetch the next one
 * meanwhile. */
INLINE void prefetch_task(const struct board *board, uint32_t link)
{
	if (link == 0 || link > board->capacity)
		return;
	prefetch(&board->heads[link - 1]);
	prefetch(board->details[link - 1].owner);
	prefetch_body(board, link - 1);
}

int index_owner_next(const struct board *board, const char *owner, uint64_t hash,
		     struct index_position *position, struct trackd_ref *ret_ref)
{
	struct walk walk = { .steps = 0 };
	struct key key;

	if (!key_make(&key, owner, strlen(owner), hash))
		return 0;
	for (int i = 0; i < RESTARTS; i++) {
		enum step step = walk_resume(&walk, board, position, index_bucket(board, hash));

		if (step == STEP_AT)
			step = pass_owner(&walk, &key, position);
		position->steps += walk.steps;
		if (step == STEP_AT) {
			*ret_ref = (struct trackd_ref){ walk.slot, stamp_generation(walk.stamp) };
			prefetch_task(board, position->ahead);
			return 1;
		}
		if (step == STEP_END)
			return 0;
		if (step == STEP_LOST)
			break;
	}
	return scan_owner(board, &key, position, ret_ref);
}
