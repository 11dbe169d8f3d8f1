/* SPDX-License-Identifier: MIT */
/* Creating a task from what a caller gives. */
#ifndef TRACKD_CLIENT_CREATION_H
#define TRACKD_CLIENT_CREATION_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* trackd_create() on a given board. worker: the caller's, 0: it is none. Deadline as in slot.h. */
int creation_make(struct board *board, const struct trackd_new *task, uint64_t worker,
		  uint64_t deadline, struct trackd_ref *ret_ref);

#endif
