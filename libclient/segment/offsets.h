/* SPDX-License-Identifier: MIT */
/*
 * The header's clock offsets, from which readers compute the time. The daemon keeps them current.
 * Without a daemon, a suspend of the host or a change of its clock makes them stale. A client's
 * check once a second (follow.c) detects this: a writer corrects the header for all; a reader uses
 * its own offsets until a writer has done so.
 */
#ifndef TRACKD_SEGMENT_OFFSETS_H
#define TRACKD_SEGMENT_OFFSETS_H

#include "libclient/segment/segment.h"

/* Store the offsets in the header where they differ by more than the bound. Called by the
 * daemon. */
void offsets_refresh(struct board *board);

/* Check the header's offsets; if they are stale, correct them or keep own ones. About 1 us. */
void offsets_check(struct board *board);

#endif
