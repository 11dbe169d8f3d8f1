/* SPDX-License-Identifier: MIT */
/* How often a task has ended or gone: a search for one to evict need not be repeated until then. */
#ifndef TRACKD_RECORD_CHANGES_H
#define TRACKD_RECORD_CHANGES_H

#include "libclient/segment/segment.h"

/* Something can go, or has gone, that no counter counts. Called after the store. */
void changes_add(struct board *board);

/* The sum of all ends and removals. Each is counted after its commit, so that a scan that began
 * with this sum has seen what it counts. */
uint64_t changes_sum(const struct board *board);

#endif
