/* SPDX-License-Identifier: MIT */
/*
 * The gateway's connections to the board. Mapped read-only, but for what must write: upload, cancel
 * and delete, which open a second connection when first needed. A board that is not there, or goes,
 * is looked for again once a second.
 */
#ifndef TRACKD_HTTP_BOARD_BOARD_CONNECTION_H
#define TRACKD_HTTP_BOARD_BOARD_CONNECTION_H

#include "libclient/trackd.h"
#include "tools/trackd-http/config/config.h"

struct board_connection;

int board_connection_open(const struct config *config, struct board_connection **ret_board);
void board_connection_close(struct board_connection *board);

/* NULL: there is none now; *ret_error says why. Valid until the next turn of the event loop. */
struct trackd *board_connection_reader(struct board_connection *board, int *ret_error);
struct trackd *board_connection_writer(struct board_connection *board, int *ret_error);

/* Which board it is, as 32 hexadecimal digits: the first part of entity tags and of event ids. A board
 * that takes another one's place with its tasks has the same, since references, revisions and the
 * sequence of events go on; one that begins anew has another. "" there is none. */
const char *board_connection_id(struct board_connection *board);

/* The owner's task of an id. TRACKD_E_NOT_FOUND also when it is somebody else's: after the same
 * work. */
int board_connection_find(struct board_connection *board, const char *id, const char *owner,
			  struct trackd_task *ret_task);

#endif
