/* SPDX-License-Identifier: MIT */
/*
 * What a parent's family line says of its children: reading, without a lock. family.c publishes the
 * counts as copies in turn, like the facts of a record.
 */
#ifndef TRACKD_FAMILY_CHILDREN_H
#define TRACKD_FAMILY_CHILDREN_H

#include "libclient/segment/segment.h"

struct children {
	struct layout_children n;
	uint64_t gone_weight;
};

/* The counts in force, all of one version. For a record with COPY_PARENT. */
void children_read(const struct board *board, uint32_t slot, struct children *ret_children);

static inline uint64_t children_open(const struct children *children)
{
	return (uint64_t)children->n.pending + children->n.active;
}

static inline uint64_t children_gone(const struct children *children)
{
	return (uint64_t)children->n.gone_completed + children->n.gone_failed +
	       children->n.gone_cancelled;
}

/* Those that ended, gone or not. */
static inline uint64_t children_ended(const struct children *children)
{
	return (uint64_t)children->n.completed + children->n.failed + children->n.cancelled +
	       children_gone(children);
}

static inline uint64_t children_all(const struct children *children)
{
	return children_open(children) + children_ended(children);
}

/* Whether a record with COPY_PARENT has children that have not ended, or may be getting one: it must
 * not expire. */
bool children_any_open(const struct board *board, uint32_t slot);

/* Whether no more children come: they are closed, or as many as expected. */
bool children_complete(const struct board *board, uint32_t slot, const struct children *children);

#endif
