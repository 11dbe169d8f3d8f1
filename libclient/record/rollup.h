/* SPDX-License-Identifier: MIT */
/* A parent's progress as the sum of its children's. */
#ifndef TRACKD_RECORD_ROLLUP_H
#define TRACKD_RECORD_ROLLUP_H

#include "libclient/family/children.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* What a record with COPY_ROLLUP shows as its work. */
void rollup_show(const struct board *board, uint32_t slot, uint64_t *ret_done, uint64_t *ret_total);

/* The percentage that it shows: 100 only if it is completed. */
int rollup_progress(uint8_t state, uint64_t done, uint64_t total);

/* The counts of a record with COPY_PARENT, for a caller. */
void rollup_children(const struct board *board, uint32_t slot,
		     struct trackd_children *ret_children);

/* Sum up the children, without a lock. */
int rollup_sum(const struct board *board, struct trackd_ref ref, struct trackd_rollup *ret_rollup);

#endif
