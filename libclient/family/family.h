/* SPDX-License-Identifier: MIT */
/*
 * A parent's counts and the chain of its children. Both are guarded by the family stripe of the
 * parent's slot. A process that changes a child's state, or its membership, does this while it holds
 * the stripe:
 *
 *   family_intend(), the child's own commit, family_finish()
 *
 * If it dies, the next process to take the stripe finishes what the child's record says happened, and
 * drops the rest. Order of locks: id stripe, owner stripe, family stripes by number. The holder of a
 * record may wait for a family stripe, because a holder of family stripes only tries records.
 */
#ifndef TRACKD_FAMILY_FAMILY_H
#define TRACKD_FAMILY_FAMILY_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* Family stripes to hold at once, in ascending order. */
struct family_hold {
	uint16_t n;
	uint16_t stripe[3];
};

static inline uint32_t family_stripe(uint32_t parent_slot)
{
	return parent_slot % LAYOUT_STRIPES;
}

/* Add the stripe of a parent's slot. */
void family_add(struct family_hold *hold, uint32_t parent_slot);

/* Add what the removal of a LIVE record needs, by the flags of its copy in force: its parent's stripe,
 * and its own if it may have children, so that nobody counts into the slot's next tenant. */
void family_add_removal(const struct board *board, uint32_t slot, struct family_hold *hold);

/* Take the stripes, and finish what dead holders began. Deadlines as in slot.h; on an error none is
 * held. */
int family_take(struct board *board, const struct family_hold *hold, uint64_t deadline);
void family_drop(struct board *board, const struct family_hold *hold);

/* The parent's reference in a child's family line; false if that names no slot. The parent may be
 * gone. For a record with COPY_CHILD. */
bool family_parent(const struct board *board, uint32_t slot, struct trackd_ref *ret_parent);

/* With the parent's stripe held: note the change that is about to be committed, and finish it after
 * the commit: count, and link or unlink. from, to: enum trackd_state, or 0. A child whose parent is
 * gone needs nothing, and these do nothing. */
void family_intend(struct board *board, struct trackd_ref child, enum intent_operation operation,
		   uint8_t from, uint8_t to);
void family_finish(struct board *board, uint32_t stripe);

/* With the record's mutex held, before COPY_PARENT is set: an empty family. */
void family_clear(struct board *board, uint32_t slot, uint32_t flags, uint32_t expected);

/* The same for a child, before COPY_CHILD is set. */
void family_enter(struct board *board, uint32_t slot, struct trackd_ref parent, uint32_t depth);

/* Take a stripe whose holder died, and finish what it began. 1: it did; 0: nothing to do; -EBUSY. */
int family_repair(struct board *board, uint32_t stripe);

#endif
