/* SPDX-License-Identifier: MIT */
/*
 * Linking a task to its parent, and what the parent's own record does about its children. Deadlines as
 * in slot.h. A parent is older than its children and has the same owner, so there are no circles.
 */
#ifndef TRACKD_RECORD_PARENT_H
#define TRACKD_RECORD_PARENT_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* Find the parent that a task with the id `child` is to get. TRACKD_E_PARENT. */
int parent_find(const struct board *board, const char *parent, const char *child,
		struct trackd_ref *ret_parent);

/* With the parent's family stripe held: lock the parent, check that it takes this child, whose keys and
 * serial are set, and prepare both: the parent may have children and does not expire; the child's
 * family line names it. On success the parent is locked. -EBUSY; TRACKD_E_PARENT; TRACKD_E_CLOSED. */
int parent_admit(struct board *board, struct trackd_ref parent, uint32_t child);

/* The same for a task that is being restored, whose parent may have ended, been asked to cancel or been
 * closed since. */
int parent_adopt(struct board *board, struct trackd_ref parent, uint32_t child, bool open);

/* Give an open task without parent and children a parent. */
int parent_set(struct board *board, struct trackd_ref child, const char *parent, uint64_t deadline);

/* Declare that no more children come. */
int parent_close(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* After a child of the parent ended: if it was the last open one, the parent may expire again, and its
 * time to live begins now. Does not wait: if the parent is locked or the process dies, the daemon does
 * it. 1: renewed. */
int parent_renew(struct board *board, struct trackd_ref parent);

#endif
