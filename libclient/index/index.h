/* SPDX-License-Identifier: MIT */
/*
 * Finding tasks by id and by owner: hash chains that readers walk without locks while writers link
 * at the head and unlink anywhere under the chain's stripe. Unlinked records keep their links, and
 * a reader checks the stamps before it follows one. A model checker verified the protocol of
 * index_lookup() (docs/DESIGN.md, "Lookups without a lock").
 */
#ifndef TRACKD_INDEX_INDEX_H
#define TRACKD_INDEX_INDEX_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

uint64_t index_id_hash(const struct board *board, const char *id);
uint64_t index_owner_hash(const struct board *board, const char *owner); /* "" is 0 */
uint32_t index_bucket(const struct board *board, uint64_t hash);
static inline uint32_t index_stripe(uint32_t bucket)
{
	return bucket % LAYOUT_STRIPES;
}

/* Copy a record's id to private memory: LAYOUT_ID bytes, terminated. */
void index_read_id(const struct board *board, uint32_t slot, char *ret_id);

/* Find the newest LIVE record of an id, expired or not, without a lock: its slot and stamp.
 * TRACKD_E_NOT_FOUND. */
int index_lookup(const struct board *board, const char *id, uint32_t *ret_slot,
		 uint64_t *ret_stamp);

/* With the id's stripe locked: find the first LIVE record of that id after slot `after`
 * (UINT32_MAX: from the bucket). */
int index_find(const struct board *board, uint64_t hash, const char *id, uint32_t after,
	       uint32_t *ret_slot);

/* With the stripe locked: link at the head, or unlink at any position. Unlinking a record that is
 * not linked does nothing. */
void index_link_id(struct board *board, uint32_t slot);
void index_unlink_id(struct board *board, uint32_t slot);
void index_link_owner(struct board *board, uint32_t slot);
void index_unlink_owner(struct board *board, uint32_t slot);

/* The position of an iteration over an owner's tasks. Links are copied from the segment; the serial
 * of a record found through one is checked. */
#define INDEX_NO_LINK UINT32_MAX
struct index_position {
	uint64_t serial;      /* of the task returned last; UINT64_MAX: none yet */
	uint64_t kept_serial; /* of `kept` */
	uint32_t here;        /* link to the task returned last */
	uint32_t ahead;       /* value of that task's own link */
	uint32_t kept;        /* link to a remembered record in front of it */
	uint32_t steps;       /* records visited so far */
};

void index_owner_begin(struct index_position *ret_position);

/* Set a position as if the owner's LIVE record in this slot, with this serial, had been returned
 * last. */
void index_owner_resume(struct index_position *ret_position, uint32_t slot, uint64_t serial);

/* Move a position to a board with the same serials, whose slots may have other tenants. */
void index_owner_move(struct index_position *position);

/* Find the next LIVE record of an owner after the position, without a lock, and move the position
 * to it. 1: found; 0: at the end. The cost is the same if the task returned last has been
 * removed. */
int index_owner_next(const struct board *board, const char *owner, uint64_t hash,
		     struct index_position *position, struct trackd_ref *ret_ref);

/* The same for the children of a LIVE record that may have some: none if it is gone. */
int index_child_next(const struct board *board, struct trackd_ref parent,
		     struct index_position *position, struct trackd_ref *ret_ref);

#endif
