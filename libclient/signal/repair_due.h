/* SPDX-License-Identifier: MIT */
/* Requests a repair sweep from the daemon, after a client found a dead lock holder and repaired
 * only the record it needed. */
#ifndef TRACKD_SIGNAL_REPAIR_DUE_H
#define TRACKD_SIGNAL_REPAIR_DUE_H

#include "libclient/segment/segment.h"

/* Set repair_due and wake the daemon. */
void repair_due_set(struct board *board);

/* Clear repair_due. Call this before the sweep starts. */
void repair_due_clear(struct board *board);

#endif
