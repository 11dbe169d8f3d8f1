/* SPDX-License-Identifier: MIT */
/* Looking at records: in place, as a copy, and one after another. No lock, no system call. */
#ifndef TRACKD_VIEW_H
#define TRACKD_VIEW_H

#include "segment.h"
#include "trackd.h"

/* What the public calls of the same name do, on a board; now: board_time(). */
int view_get(const struct board *board, struct trackd_ref ref, uint64_t now,
	     struct trackd_view *ret_view);
int view_copy(const struct board *board, struct trackd_ref ref, uint64_t now,
	      struct trackd_task *ret_task);
int view_cancel_requested(const struct board *board, struct trackd_ref ref);
int view_lookup(const struct board *board, const char *id, uint64_t now,
		struct trackd_ref *ret_ref);

void view_iter_all(const struct board *board, struct trackd_iter *ret_iter);
void view_iter_owner(const struct board *board, const char *owner, struct trackd_iter *ret_iter);
int view_next(struct trackd_iter *iter, struct trackd_ref *ret_ref);

#endif
