/* SPDX-License-Identifier: MIT */
/* What depends on a record's copy in force, made right after its holder died. */
#ifndef TRACKD_RECORD_MEND_H
#define TRACKD_RECORD_MEND_H

#include "libclient/segment/segment.h"

/* Under the record's mutex: deadline, hint and seal as the copy in force says. Idempotent. */
void mend_record(struct board *board, uint32_t slot);

#endif
