/* SPDX-License-Identifier: MIT */
/* What a test_client does that no program can do with the public calls: stand still inside one. */
#ifndef TRACKD_E2E_INSIDE_H
#define TRACKD_E2E_INSIDE_H

#include "libclient/client/client.h"
#include "libclient/segment/lock.h"

static union layout_mutex *inside_held;

/* Take the lock of a record, as a call that changes it does, and keep it. */
static inline int inside_hold(struct trackd *trackd, struct trackd_ref ref)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	inside_held = &mapping->board.bodies[ref.slot & REF_SLOT_MASK].mutex;
	return lock_take(inside_held, clock_monotonic_ns() + NS_PER_S);
}

static inline int inside_let_go(void)
{
	lock_drop(inside_held);
	return 0;
}

#endif
