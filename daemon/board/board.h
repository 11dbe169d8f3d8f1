/* SPDX-License-Identifier: MIT */
/* A board in this daemon's service: made as configured, taken over, with the configured kinds. */
#ifndef TRACKD_DAEMON_BOARD_BOARD_H
#define TRACKD_DAEMON_BOARD_BOARD_H

#include "daemon/config/config.h"
#include "libclient/segment/internal.h"

/* A fresh board of the configured size and mode, without a name. 0 or what segment_create() says. */
int board_make(struct board *ret_board, const struct config *config);

/* Say in the header who serves the board now. Producers that see the epoch attach again by
 * themselves. */
void board_take_over(struct board *board, const struct config *config);

/* Declare the configured kinds. Number of those that the board refused, each said in the log. */
int board_declare_kinds(struct board *board, const struct config *config);

/* Say in the header that the board is served although its name does not lead to it, so that its clients
 * stay: until the next attempt to replace it ends. */
void board_serve_nameless(struct board *board);

#endif
