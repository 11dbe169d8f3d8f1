/* SPDX-License-Identifier: MIT */
/* How many tasks have ended or been removed. While the sum is unchanged, a failed search for a task
 * to evict need not be repeated. */
#ifndef TRACKD_SIGNAL_CHANGES_H
#define TRACKD_SIGNAL_CHANGES_H

#include "libclient/segment/segment.h"

/* Count a change that makes room and that no other counter counts. Call it after the store. */
void changes_add(struct board *board);

/* The sum of all ends and removals. Each is counted after its commit, so a scan that starts after
 * this call sees every change that the sum includes. */
uint64_t changes_sum(const struct board *board);

#endif
