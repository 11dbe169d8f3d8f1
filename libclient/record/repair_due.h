/* SPDX-License-Identifier: MIT */
/* Asking the daemon for a sweep: a client found a death and repaired only what it needed. */
#ifndef TRACKD_RECORD_REPAIR_DUE_H
#define TRACKD_RECORD_REPAIR_DUE_H

#include "libclient/segment/segment.h"

/* Raise repair_due and ring the daemon. */
void repair_due_set(struct board *board);

/* Lower repair_due, before looking for what it was raised for. */
void repair_due_clear(struct board *board);

#endif
