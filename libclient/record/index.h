/* SPDX-License-Identifier: MIT */
/*
 * Finding tasks by id and by owner: hash chains that readers walk without locks while writers link
 * at the head and unlink anywhere under the chain's stripe. Unlinked records keep their own links,
 * and only the stamps tell a reader whether it may follow them; index_lookup() is the protocol that
 * a model checker went through (docs/DESIGN.md, "Lookups").
 */
#ifndef TRACKD_RECORD_INDEX_H
#define TRACKD_RECORD_INDEX_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

uint64_t index_id_hash(const struct board *board, const char *id);
uint64_t index_owner_hash(const struct board *board, const char *owner); /* "" is 0 */
uint32_t index_bucket(const struct board *board, uint64_t hash);
static inline uint32_t index_stripe(uint32_t bucket)
{
	return bucket % LAYOUT_STRIPES;
}

/* A record's id in private memory, LAYOUT_ID bytes, terminated. */
void index_read_id(const struct board *board, uint32_t slot, char *ret_id);

/* Without a lock. The newest LIVE record of an id, expired or not: its slot and stamp.
 * TRACKD_E_NOT_FOUND. */
int index_lookup(const struct board *board, const char *id, uint32_t *ret_slot,
		 uint64_t *ret_stamp);

/* Under the id's stripe: the first LIVE record of that id after slot `after` (UINT32_MAX: from the
 * bucket). */
int index_find(const struct board *board, uint64_t hash, const char *id, uint32_t after,
	       uint32_t *ret_slot);

/* Under the stripe: link at the head, or unlink wherever it is. Unlinking what is not linked does
 * nothing. */
void index_link_id(struct board *board, uint32_t slot);
void index_unlink_id(struct board *board, uint32_t slot);
void index_link_owner(struct board *board, uint32_t slot);
void index_unlink_owner(struct board *board, uint32_t slot);

/* Where an iteration of an owner's tasks stands. Links are those of the segment; a record found by
 * one is checked by its serial. */
#define INDEX_NO_LINK UINT32_MAX
struct index_position {
	uint64_t serial;      /* of the task given out last; UINT64_MAX: none yet */
	uint64_t kept_serial; /* of `kept` */
	uint32_t here;        /* link to the task given out last */
	uint32_t ahead;       /* what its own link said */
	uint32_t kept;        /* link to a record in front of it that was there a while ago */
	uint32_t steps;       /* records looked at so far */
};

void index_owner_begin(struct index_position *ret_position);

/* As if the LIVE record of the owner in this slot, of this serial, had been given out last. */
void index_owner_resume(struct index_position *ret_position, uint32_t slot, uint64_t serial);

/* It goes on, on a board with the same serials whose slots may have other tenants. */
void index_owner_move(struct index_position *position);

/* Without a lock. The next LIVE record of an owner's chain behind the position, which moves to it.
 * 1 with one, 0 at the end. Going on costs the same whether or not the task given out last is still
 * there. */
int index_owner_next(const struct board *board, const char *owner, uint64_t hash,
		     struct index_position *position, struct trackd_ref *ret_ref);

#endif
