/* SPDX-License-Identifier: MIT */
/*
 * The header's offsets between clocks, by which readers tell the time. The daemon keeps them right; a
 * suspend of the host or a setting of its clock makes them stale where no daemon runs. Then whoever
 * looks once a second (attach.c) notices: a writer puts it right for all, a reader goes by the clocks
 * themselves until somebody has.
 */
#ifndef TRACKD_SEGMENT_OFFSETS_H
#define TRACKD_SEGMENT_OFFSETS_H

#include "libclient/segment/segment.h"

/* Put the offsets into the header where they differ enough to matter: the daemon. */
void offsets_refresh(struct board *board);

/* Whether the header's offsets are right; if not, do what this process can. About 1 us. */
void offsets_check(struct board *board);

#endif
