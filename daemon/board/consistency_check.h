/* SPDX-License-Identifier: MIT */
/* Checks a repaired board before the daemon adopts it. trackctl doctor checks more. */
#ifndef TRACKD_DAEMON_BOARD_CONSISTENCY_CHECK_H
#define TRACKD_DAEMON_BOARD_CONSISTENCY_CHECK_H

#include "libclient/segment/internal.h"

/*
 * Whether every chain stays within the board and its bucket, and every LIVE record is in the chains
 * of its id and owner and has a known kind. Other processes may change the board meanwhile. True
 * also if there is not enough memory for the check, or if an apparent fault is locked.
 */
bool consistency_check(struct board *board);

/* The same for the table of kinds only. */
bool consistency_check_kinds(const struct board *board);

#endif
