/* SPDX-License-Identifier: MIT */
/*
 * Taking over a board of layout 2, whose producers may still run. Its tasks move to a new board one by
 * one, each under its lock, so that no acknowledged change is lost; then the new board gets the name and
 * the old one is retired. Programs that use the old board get TRACKD_E_LAYOUT from then on, until they
 * are restarted with the library of this layout.
 */
#ifndef TRACKD_DAEMON_BOARD_UPGRADE_H
#define TRACKD_DAEMON_BOARD_UPGRADE_H

#include "daemon/board/layout2_board.h"
#include "daemon/config/config.h"

/*
 * Takes ownership of `old` on success. Logs what was done. 0, or an error of creating a board, and then
 * the old board is open and unchanged. `foreign`: its pids are not valid here, so no lock is taken.
 */
int upgrade_board(struct board *ret_board, struct layout2_board *old, const struct config *config,
		  bool foreign);

/* Close the board permanently and remove its name. 0 or -errno. */
int upgrade_remove(struct layout2_board *old, const char *name);

#endif
