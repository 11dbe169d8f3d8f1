/* SPDX-License-Identifier: MIT */
/* A parent's end when its children have ended. */
#ifndef TRACKD_RECORD_ROLLUP_END_H
#define TRACKD_RECORD_ROLLUP_END_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* End a task with FAMILY_ENDS if no more children come and all have ended. 1: ended; 0: not now;
 * -EBUSY, or another error. */
int rollup_end(struct board *board, struct trackd_ref ref, uint64_t deadline);

#endif
