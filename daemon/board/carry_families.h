/* SPDX-License-Identifier: MIT */
/*
 * Families on a new board. What the old board says of parents and of children that have gone is copied;
 * chains and counts are made anew from the records, so that they fit whatever was copied.
 */
#ifndef TRACKD_DAEMON_BOARD_CARRY_FAMILIES_H
#define TRACKD_DAEMON_BOARD_CARRY_FAMILIES_H

#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <stddef.h>

/* A record that got another slot. */
struct carry_move {
	struct trackd_ref from, to;
};

/* After all records of a closed board were copied. moves: the records that got another slot. 0 or
 * -ENOMEM. */
int carry_families(struct board *new, const struct board *old, const struct carry_move *moves,
		   size_t n_moves);

#endif
