/* SPDX-License-Identifier: MIT */
/*
 * Iterating over an owner's tasks or a parent's children, newest first. Serials decrease along both
 * kinds of chain, so an iteration can continue although the records around its position have left.
 */
#include "libclient/index/index.h"
#include "libclient/index/index_walk.h"

/* The chain of an iteration, and which of its records are wanted. */
struct chain {
	enum walk_chain which;
	struct key owner;         /* BY_OWNER */
	struct trackd_ref parent; /* BY_PARENT */
};

INLINE bool is_child_of(const struct board *board, uint32_t slot, struct trackd_ref parent)
{
	return load_relaxed(&board->families[slot].parent) ==
	       parent_make(parent.slot, parent.generation);
}

/* Whether a LIVE record can be in this chain. Of a child, the caller checks the flags or the serial: a
 * slot's family line may be that of an earlier tenant. */
INLINE bool is_of_chain(const struct board *board, uint32_t slot, const struct chain *chain)
{
	if (chain->which == BY_PARENT)
		return is_child_of(board, slot, chain->parent);
	uint64_t hash = load_relaxed(&board->heads[slot].owner_hash);
	return hash != 0 && index_bucket(board, hash) == index_bucket(board, chain->owner.hash);
}

/* Whether a record of the chain is one to return. */
INLINE bool is_wanted(const struct board *board, uint32_t slot, const struct chain *chain)
{
	return chain->which == BY_PARENT || is_owner(board, slot, &chain->owner);
}

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
INLINE bool walk_again(struct walk *walk, struct start start, const struct chain *chain)
{
	const struct board *board = walk->board;

	if (start.link - 1 >= board->capacity)
		return false;
	const struct layout_head *head = &board->heads[start.link - 1];
	walk->steps++;
	walk->slot = start.link - 1;
	walk->stamp = load_acquire(&head->stamp);
	return stamp_state(walk->stamp) == SLOT_LIVE && is_of_chain(board, walk->slot, chain) &&
	       load_relaxed(&head->serial) < start.below;
}

/* Move to where the iteration can continue: the record after the one returned last; if it has left,
 * the one returned last; if that has left too, the remembered record in front of them; otherwise
 * the bucket. The remembered record advances with the iteration, so remaining records are passed
 * only once on such detours. */
INLINE enum step walk_resume(struct walk *walk, const struct board *board,
			     const struct index_position *position, const struct chain *chain)
{
	const struct start starts[] = {
		{ position->ahead, position->serial },
		{ position->here, position->serial + 1 },
		{ position->kept, position->kept_serial + 1 },
	};

	if (position->ahead == 0)
		return STEP_END;
	*walk = (struct walk){ .board = board, .chain = chain->which };
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (walk_again(walk, starts[i], chain))
			return STEP_AT;
	uint32_t steps = walk->steps;
	if (chain->which == BY_PARENT)
		walk_begin_children(walk, board, chain->parent);
	else
		walk_begin(walk, board, BY_OWNER, index_bucket(board, chain->owner.hash));
	walk->steps = steps;
	return walk_enter(walk);
}

/* Walk from the current record to the next wanted record with a serial below the position's. On
 * STEP_AT, its link has been read. */
INLINE enum step pass(struct walk *walk, const struct chain *chain, struct index_position *position)
{
	for (;;) {
		bool live = stamp_state(walk->stamp) == SLOT_LIVE;
		uint64_t serial = load_relaxed(&walk->board->heads[walk->slot].serial);
		bool before = live && serial >= position->serial;
		bool wanted = live && !before && is_wanted(walk->board, walk->slot, chain);
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

static bool is_child(const struct board *board, uint32_t slot, uint64_t stamp)
{
	const struct layout_copy *copy = &board->bodies[slot].copy[stamp_version(stamp) & 1];

	return (load_relaxed(&copy->flags) & COPY_CHILD) != 0;
}

/* Search without the chain. */
static bool scan(const struct board *board, const struct chain *chain,
		 struct index_position *position, struct trackd_ref *ret_ref)
{
	uint64_t best = 0;
	bool found = false;

	for (uint32_t slot = 0; slot < board->capacity; slot++) {
		const struct layout_head *head = &board->heads[slot];
		uint64_t stamp = load_acquire(&head->stamp);
		uint64_t own = load_relaxed(&head->serial);

		if (stamp_state(stamp) != SLOT_LIVE || own >= position->serial || own < best ||
		    !is_of_chain(board, slot, chain) || !is_wanted(board, slot, chain) ||
		    (chain->which == BY_PARENT && !is_child(board, slot, stamp)))
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

static __attribute__((noinline)) int is_parent_there(const struct board *board,
						     const struct chain *chain)
{
	return chain->which != BY_PARENT ||
	       stamp_is_live(load_acquire(&board->heads[chain->parent.slot].stamp),
			     chain->parent.generation);
}

/* Inlined for each kind of chain. */
INLINE int next_in(const struct board *board, const struct chain *chain,
		   struct index_position *position, struct trackd_ref *ret_ref)
{
	struct walk walk = { .steps = 0 };

	for (int i = 0; i < RESTARTS; i++) {
		enum step step = walk_resume(&walk, board, position, chain);

		if (step == STEP_AT)
			step = pass(&walk, chain, position);
		position->steps += walk.steps;
		if (step == STEP_AT) {
			*ret_ref = (struct trackd_ref){ walk.slot, stamp_generation(walk.stamp) };
			prefetch_task(board, position->ahead);
			return 1;
		}
		/* The children of a parent that is gone have no chain. */
		if (step == STEP_END || !is_parent_there(board, chain))
			return 0;
		if (step == STEP_LOST)
			break;
	}
	return scan(board, chain, position, ret_ref);
}

int index_owner_next(const struct board *board, const char *owner, uint64_t hash,
		     struct index_position *position, struct trackd_ref *ret_ref)
{
	struct chain chain = { .which = BY_OWNER };

	if (!key_make(&chain.owner, owner, strlen(owner), hash))
		return 0;
	return next_in(board, &chain, position, ret_ref);
}

int index_child_next(const struct board *board, struct trackd_ref parent,
		     struct index_position *position, struct trackd_ref *ret_ref)
{
	const struct chain chain = { .which = BY_PARENT, .parent = parent };

	if (parent.slot >= board->capacity)
		return 0;
	return next_in(board, &chain, position, ret_ref);
}
