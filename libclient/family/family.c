/* SPDX-License-Identifier: MIT */
/*
 * Why no death loses a count. The intent names the child, its state before and after, and the version
 * of the parent's counts. The child's record says whether the change was committed; the version says
 * whether it was counted. Every step of finishing can be repeated: a child that is in the chain is not
 * linked again, one that has left is not unlinked again. A child is linked only after its commit and
 * unlinked after its removal, so a record that never became a child is in no chain. No slot with
 * COPY_CHILD is freed without its parent's stripe, so an intent never meets the slot's next tenant.
 */
#include "libclient/family/family.h"
#include "libclient/family/children.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/signal/repair_due.h"
#include <errno.h>

/* ---- Stripes ----------------------------------------------------------------- */

void family_add(struct family_hold *hold, uint32_t parent_slot)
{
	uint16_t stripe = (uint16_t)family_stripe(parent_slot), at = 0;

	while (at < hold->n && hold->stripe[at] < stripe)
		at++;
	if (at < hold->n && hold->stripe[at] == stripe)
		return;
	for (uint16_t i = hold->n++; i > at; i--)
		hold->stripe[i] = hold->stripe[i - 1];
	hold->stripe[at] = stripe;
}

/* The flags of the copy in force, or with both, of either copy. */
static uint16_t flags_of(const struct board *board, uint32_t slot, uint64_t stamp)
{
	return load_relaxed(&board->bodies[slot].copy[stamp_version(stamp) & 1].flags);
}

void family_add_removal(const struct board *board, uint32_t slot, struct family_hold *hold)
{
	uint64_t stamp = load_acquire(&board->heads[slot].stamp);
	uint16_t flags = flags_of(board, slot, stamp);
	struct trackd_ref parent;

	/* A record that is being removed does not say which copy was in force. */
	if (stamp_state(stamp) != SLOT_LIVE)
		flags |= flags_of(board, slot, stamp_make(0, 1, SLOT_LIVE));
	if ((flags & COPY_CHILD) && family_parent(board, slot, &parent))
		family_add(hold, parent.slot);
	if (flags & COPY_PARENT)
		family_add(hold, slot);
}

static int take(struct board *board, uint32_t stripe, uint64_t deadline)
{
	struct layout_family_stripe *line = &board->family_stripes[stripe];
	int error = lock_take(&line->mutex, deadline);

	if (error == TRACKD_E_BUSY)
		add_relaxed(&board->header->counters.busy, 1);
	if (error < 0)
		return error;
	if (error == LOCK_RECOVERED) {
		add_relaxed(&board->header->counters.locks_recovered, 1);
		repair_due_set(board);
	}
	if (__builtin_expect(load_relaxed(&line->intent) != 0, 0))
		family_finish(board, stripe);
	return 0;
}

int family_take(struct board *board, const struct family_hold *hold, uint64_t deadline)
{
	for (uint16_t i = 0; i < hold->n; i++) {
		int error = take(board, hold->stripe[i], deadline);

		if (error < 0) {
			family_drop(board, &(struct family_hold){
						   i, { hold->stripe[0], hold->stripe[1] } });
			return error;
		}
	}
	return 0;
}

void family_drop(struct board *board, const struct family_hold *hold)
{
	for (uint16_t i = hold->n; i > 0; i--)
		lock_drop(&board->family_stripes[hold->stripe[i - 1]].mutex);
}

int family_repair(struct board *board, uint32_t stripe)
{
	struct family_hold hold = { 1, { (uint16_t)stripe } };

	if (!lock_orphaned(&board->family_stripes[stripe].mutex))
		return 0;
	int error = family_take(board, &hold, LOCK_TRY);
	if (error < 0)
		return error;
	family_drop(board, &hold);
	return 1;
}

/* ---- Family lines -------------------------------------------------------------- */

bool family_parent(const struct board *board, uint32_t slot, struct trackd_ref *ret_parent)
{
	uint64_t parent = load_relaxed(&board->families[slot].parent);
	uint32_t link = (uint32_t)parent;

	if (link == 0 || link > board->capacity)
		return false;
	*ret_parent = (struct trackd_ref){ link - 1, (uint32_t)(parent >> 32) };
	return true;
}

void family_clear(struct board *board, uint32_t slot, uint32_t flags, uint32_t expected)
{
	static const struct layout_children none[2];
	struct layout_family *family = &board->families[slot];

	store_relaxed(&family->first, 0);
	store_relaxed(&family->version, 0);
	store_relaxed(&family->expected, expected);
	store_relaxed(&family->flags, flags);
	store_relaxed(&family->gone_weight[0], 0);
	store_relaxed(&family->gone_weight[1], 0);
	words_store(family->children, none, sizeof none / 8);
}

void family_enter(struct board *board, uint32_t slot, struct trackd_ref parent, uint32_t depth)
{
	struct layout_family *family = &board->families[slot];

	store_relaxed(&family->next, 0);
	store_relaxed(&family->prev, 0);
	store_relaxed(&family->depth, depth);
	store_relaxed(&family->weight, load_relaxed(&board->details[slot].weight));
	store_relaxed(&family->parent, parent_make(parent.slot, parent.generation));
}

/* ---- Chains --------------------------------------------------------------------- */

/* The link that names `slot`, or where it belongs: in front of the first older child. NULL: the chain
 * is damaged. */
static uint32_t *link_before(struct board *board, uint32_t parent, uint32_t slot)
{
	uint64_t serial = load_relaxed(&board->heads[slot].serial);
	uint32_t *link = &board->families[parent].first;

	for (uint32_t steps = 0; steps <= board->capacity; steps++) {
		uint32_t next = load_relaxed(link);

		if (next == 0 || next == slot + 1)
			return link;
		if (next > board->capacity)
			return NULL;
		if (load_relaxed(&board->heads[next - 1].serial) < serial)
			return link;
		link = &board->families[next - 1].next;
	}
	return NULL;
}

/* The slot plus one of the record that holds a link; 0: the parent. */
static uint32_t holder_of(const struct board *board, uint32_t parent, const uint32_t *link)
{
	const struct layout_family *family =
		(const void *)((const char *)link - offsetof(struct layout_family, next));

	return link == &board->families[parent].first ? 0
						      : (uint32_t)(family - board->families) + 1;
}

/* Link a child. Serials decrease along the chain, as in the chains of owners, so a position in it can
 * be found again. Nearly always the child is the newest. */
static void link_child(struct board *board, uint32_t parent, uint32_t slot)
{
	struct layout_family *family = &board->families[slot];
	uint32_t *link = link_before(board, parent, slot);

	if (!link)
		return;
	uint32_t older = load_relaxed(link);
	if (older == slot + 1) { /* linked; its neighbour may not know it yet */
		older = load_relaxed(&family->next);
	} else {
		store_relaxed(&family->next, older);
		store_relaxed(&family->prev, holder_of(board, parent, link));
		store_release(link, slot + 1); /* pairs with load_acquire in walk_leave() */
	}
	if (older != 0 && older <= board->capacity)
		store_relaxed(&board->families[older - 1].prev, slot + 1);
}

static void unlink_child(struct board *board, uint32_t parent, uint32_t slot)
{
	const struct layout_family *family = &board->families[slot];
	uint32_t older = load_relaxed(&family->next), newer = load_relaxed(&family->prev);
	uint32_t *link = &board->families[parent].first;

	if (newer != 0 && newer <= board->capacity)
		link = &board->families[newer - 1].next;
	if (load_relaxed(link) != slot + 1 && load_relaxed(link) != older)
		link = link_before(board, parent, slot); /* only on a damaged board */
	if (link && load_relaxed(link) == slot + 1)
		store_release(link, older);
	if (older != 0 && older <= board->capacity &&
	    load_relaxed(&board->families[older - 1].prev) == slot + 1)
		store_relaxed(&board->families[older - 1].prev, newer);
}

/* ---- Counts ---------------------------------------------------------------------- */

static uint32_t *count_of(struct layout_children *n, uint8_t state, bool gone)
{
	switch ((enum trackd_state)state) {
	case TRACKD_PENDING:
		return gone ? &n->gone_failed : &n->pending; /* it never ended: not completed */
	case TRACKD_ACTIVE:
		return gone ? &n->gone_failed : &n->active;
	case TRACKD_COMPLETED:
		return gone ? &n->gone_completed : &n->completed;
	case TRACKD_FAILED:
		return gone ? &n->gone_failed : &n->failed;
	case TRACKD_CANCELLED:
		return gone ? &n->gone_cancelled : &n->cancelled;
	}
	return NULL;
}

static uint32_t weight_of(const struct board *board, uint32_t slot)
{
	uint32_t weight = load_relaxed(&board->families[slot].weight);

	return weight ? weight : 1;
}

/* The counts after a change. */
static void count(const struct board *board, uint32_t child, uint64_t intent,
		  struct children *children)
{
	bool departs = intent_operation(intent) == INTENT_DEPART;
	uint32_t *from = count_of(&children->n, intent_from(intent), false);
	uint32_t *to =
		count_of(&children->n, departs ? intent_from(intent) : intent_to(intent), departs);

	if (from && *from > 0)
		--*from;
	if (!to)
		return; /* no state: of a damaged board */
	++*to;
	if (departs)
		children->gone_weight += weight_of(board, child);
}

/* Publish the next version of the counts, as record.c publishes a copy. */
static void publish(struct board *board, uint32_t parent, uint32_t version,
		    const struct children *children)
{
	struct layout_family *family = &board->families[parent];

	/* Orders the previous publish's version before the fill; pairs with fence_acquire() in
	 * children_read(). */
	fence_release();
	words_store(&family->children[~version & 1], &children->n, sizeof children->n / 8);
	store_relaxed(&family->gone_weight[~version & 1], children->gone_weight);
	store_release(&family->version, version + 1); /* pairs with children_read() */
}

/* ---- Intents --------------------------------------------------------------------- */

static bool is_live(const struct board *board, struct trackd_ref ref)
{
	return ref.slot < board->capacity &&
	       stamp_is_live(load_acquire(&board->heads[ref.slot].stamp), ref.generation);
}

void family_intend(struct board *board, struct trackd_ref child, enum intent_operation operation,
		   uint8_t from, uint8_t to)
{
	struct trackd_ref parent;

	if (!family_parent(board, child.slot, &parent) || !is_live(board, parent))
		return;
	struct layout_family_stripe *stripe = &board->family_stripes[family_stripe(parent.slot)];
	store_relaxed(&stripe->child, (uint64_t)child.generation << 32 | child.slot);
	store_release(&stripe->intent,
		      intent_make(load_relaxed(&board->families[parent.slot].version), operation,
				  from, to));
}

/* Whether the child's own record was changed. While the stripe is held, nobody changes its state, and
 * other changes keep state and flags, so any copy of this tenant will do. */
static bool has_happened(const struct board *board, struct trackd_ref child, uint64_t intent)
{
	uint64_t stamp = load_acquire(&board->heads[child.slot].stamp);
	const struct layout_copy *copy = &board->bodies[child.slot].copy[stamp_version(stamp) & 1];
	bool live = stamp_is_live(stamp, child.generation);

	switch ((enum intent_operation)intent_operation(intent)) {
	case INTENT_LINK:
		return live && (load_relaxed(&copy->flags) & COPY_CHILD) != 0;
	case INTENT_CHANGE:
		return live && load_relaxed(&copy->state) == intent_to(intent);
	case INTENT_UNLINK:
	case INTENT_DEPART:
		return !live;
	case INTENT_NONE:
		break;
	}
	return false;
}

static void apply(struct board *board, uint32_t stripe, uint32_t child, uint64_t intent)
{
	struct trackd_ref parent;
	struct children children;

	if (!family_parent(board, child, &parent) || family_stripe(parent.slot) != stripe ||
	    !is_live(board, parent))
		return;
	if (intent_operation(intent) == INTENT_LINK)
		link_child(board, parent.slot, child);
	if (load_relaxed(&board->families[parent.slot].version) == intent_version(intent)) {
		children_read(board, parent.slot, &children);
		count(board, child, intent, &children);
		publish(board, parent.slot, intent_version(intent), &children);
	}
	if (intent_operation(intent) == INTENT_UNLINK || intent_operation(intent) == INTENT_DEPART)
		unlink_child(board, parent.slot, child);
}

void family_finish(struct board *board, uint32_t stripe)
{
	struct layout_family_stripe *line = &board->family_stripes[stripe];
	uint64_t intent = load_relaxed(&line->intent), child = load_relaxed(&line->child);
	struct trackd_ref ref = { (uint32_t)child, (uint32_t)(child >> 32) };

	if (intent == 0)
		return;
	if (ref.slot < board->capacity && has_happened(board, ref, intent))
		apply(board, stripe, ref.slot, intent);
	/* Orders the change before it is forgotten, for the process that finishes it. */
	store_release(&line->intent, 0);
}
