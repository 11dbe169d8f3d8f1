/* SPDX-License-Identifier: MIT */
/* Preparing a board to be served: create it as configured, take it over, declare the configured
 * kinds. */
#ifndef TRACKD_DAEMON_BOARD_BOARD_H
#define TRACKD_DAEMON_BOARD_BOARD_H

#include "daemon/config/config.h"
#include "libclient/segment/internal.h"

/* Create a board of the configured size and mode, without a name. 0, or an error of
 * segment_create(). */
int board_make(struct board *ret_board, const struct config *config);
int board_make_sized(struct board *ret_board, const struct config *config, uint32_t capacity);

/* Enter this daemon in the header. Producers that notice the new epoch introduce themselves. */
void board_take_over(struct board *board, const struct config *config);

/* Declare the configured kinds. Logs each kind that the board refused and returns their number. */
int board_declare_kinds(struct board *board, const struct config *config);

/* Mark in the header that the board is served although it has lost its name, so that its clients
 * stay. The mark is valid until the next attempt to replace the board ends. */
void board_serve_nameless(struct board *board);

#endif
