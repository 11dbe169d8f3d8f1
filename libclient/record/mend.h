/* SPDX-License-Identifier: MIT */
/* Restores a record's derived fields after the holder of its mutex died. */
#ifndef TRACKD_RECORD_MEND_H
#define TRACKD_RECORD_MEND_H

#include "libclient/segment/segment.h"

/* With the record's mutex locked: recompute deadline, hint and seal from the current copy.
 * Idempotent. */
void mend_record(struct board *board, uint32_t slot);

#endif
