/* SPDX-License-Identifier: MIT */
/*
 * The gateway's connections to the board. Reading uses a read-only mapping; upload, cancel and
 * delete open a second, writable connection when first needed. A missing board is looked for again
 * once a second.
 */
#ifndef TRACKD_HTTP_BOARD_BOARD_CONNECTION_H
#define TRACKD_HTTP_BOARD_BOARD_CONNECTION_H

#include "libclient/trackd.h"
#include "tools/trackd-http/config/config.h"

struct board_connection;

int board_connection_open(const struct config *config, struct board_connection **ret_board);
void board_connection_close(struct board_connection *board);

/* NULL: there is no board now; *ret_error says why. Valid until the next turn of the event loop. */
struct trackd *board_connection_reader(struct board_connection *board, int *ret_error);
struct trackd *board_connection_writer(struct board_connection *board, int *ret_error);

/* The board's identity as 32 hexadecimal digits: the first part of entity tags and event ids. A
 * replacement board that took over the tasks keeps the identity, since references, revisions and
 * the sequence of events continue; a new, empty board has another one. "": there is no board. */
const char *board_connection_id(struct board_connection *board);

/* The owner's task with an id. TRACKD_E_NOT_FOUND also if it belongs to another owner, after the
 * same work. */
int board_connection_find(struct board_connection *board, const char *id, const char *owner,
			  struct trackd_task *ret_task);

#endif
