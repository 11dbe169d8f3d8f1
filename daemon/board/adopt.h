/* SPDX-License-Identifier: MIT */
/*
 * Getting a board at start. An existing board is adopted. If it is damaged or has another boot,
 * namespace, capacity or mode, a new board with its records replaces it. If there is none, a new
 * board is filled from the snapshot. A new board gets its name only when it is complete.
 */
#ifndef TRACKD_DAEMON_BOARD_ADOPT_H
#define TRACKD_DAEMON_BOARD_ADOPT_H

#include "daemon/board/board_lock.h"
#include "daemon/config/config.h"
#include "libclient/segment/internal.h"

/*
 * The daemon's lock must be held. Returns 0 or an exit status (exit_code.h), having said why. Where
 * there was no board, the new one has no name yet, so that a start which fails after this leaves
 * nothing.
 */
int adopt_board(struct board *ret_board, const struct config *config);

/* Give the board its name, unless it has one. The last step of a start. Returns as above. */
int adopt_name(const struct board *board, const struct config *config);

/* Remove a board that no daemon serves, its lock, and the socket that its daemon created. Returns
 * an exit status. */
int adopt_remove(const struct config *config);

/* Take the lock. Returns 0, or an exit status after logging why. */
int adopt_lock(const struct config *config, struct board_lock *ret_lock);

#endif
