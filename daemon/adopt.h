/* SPDX-License-Identifier: MIT */
/*
 * Coming by a board: the one that is there is adopted as it is; one of another boot, namespace,
 * capacity or mode, or a damaged one, is replaced by a new one with its records; where there is
 * none, a new one is filled from the snapshot. It gets its name only when it is whole.
 */
#ifndef TRACKD_ADOPT_H
#define TRACKD_ADOPT_H

#include "config.h"
#include "segment.h"

/* The daemon's lock must be held. Returns 0 or an exit status (sysexits.h), having said why. */
int adopt_board(struct board *ret_board, const struct config *config);

/* Remove a board that no daemon serves, its lock and its socket. An exit status. */
int adopt_remove(const struct config *config);

/* Take the lock. Returns 0 with *ret_fd or an exit status, having said why. */
int adopt_lock(const struct config *config, int *ret_fd);

#endif
