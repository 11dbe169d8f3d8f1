/* SPDX-License-Identifier: MIT */
/*
 * Where a board is: its name and its daemon's socket. The one rule, for clients and for the daemon;
 * trackd_open() in trackd.h tells it to people.
 */
#ifndef TRACKD_PLACE_H
#define TRACKD_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

struct place {
	char board[64];   /* "/trackd" */
	char socket[108]; /* path */
};

/* "/NAME": 1 to 59 bytes of A-Za-z0-9._- after the slash, not beginning with a dot. */
bool place_name_valid(const char *board);

/* The per-user board's name, "/trackd-<uid>". */
void place_user_board(char *ret_board, uid_t uid);

/* The socket of a board in the per-user ($XDG_RUNTIME_DIR/trackd, else /run/user/<uid>/trackd) or
 * the system runtime directory (/run/trackd): DIR/NAME.sock. -ENAMETOOLONG. */
int place_socket(char *ret_socket, const char *board, bool user);

/* The whole rule. board and socket are the caller's choice or NULL. 0, -EINVAL (not a board's
 * name), -ENAMETOOLONG. */
int place_find(struct place *ret_place, const char *board, const char *socket);

#endif
