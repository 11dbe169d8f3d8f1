/* SPDX-License-Identifier: MIT */
/* Whether a board that has been repaired holds together: what the daemon asks of one that it
 * adopts. trackctl doctor asks more. */
#ifndef TRACKD_DAEMON_BOARD_CONSISTENCY_CHECK_H
#define TRACKD_DAEMON_BOARD_CONSISTENCY_CHECK_H

#include "libclient/segment/internal.h"

/*
 * Every chain stays within the board and in its bucket, every living record is in the chains that
 * its id and owner say, and is of a known kind. Others may change the board meanwhile. True if it
 * cannot be looked at for want of memory, or because what looks wrong is locked.
 */
bool consistency_check(struct board *board);

/* Whether the table of kinds alone can be used. */
bool consistency_check_kinds(const struct board *board);

#endif
