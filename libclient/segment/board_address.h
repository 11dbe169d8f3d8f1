/* SPDX-License-Identifier: MIT */
/*
 * Where a board is: its name and its daemon's socket. The one rule, for clients and for the daemon;
 * trackd_open() in trackd.h tells it to people.
 */
#ifndef TRACKD_SEGMENT_BOARD_ADDRESS_H
#define TRACKD_SEGMENT_BOARD_ADDRESS_H

#include <stdbool.h>
#include <sys/types.h>

#define BOARD_ADDRESS_SYSTEM "/trackd" /* the system's board */

struct board_address {
	char board[64];   /* "/trackd" */
	char socket[108]; /* path */
	bool named;       /* the board was, by the caller or the environment */
};

/* "/NAME": 1 to 59 bytes of A-Za-z0-9._- after the slash, not beginning with a dot. */
bool board_name_valid(const char *board);

/* The name of a board as people give it: the slash may be left out. ret_board: 64 bytes. -EINVAL if
 * that makes none. */
int board_address_name(char *ret_board, const char *board);

/* The per-user board's name, "/trackd-<uid>". */
void board_address_user_name(char *ret_board, uid_t uid);

/* The socket that a daemon of the caller makes for a board, where board_address_find() finds it:
 * DIR/NAME.sock. DIR is $XDG_RUNTIME_DIR/trackd for the user's own board, and for every other one but
 * /trackd where the caller is not root and has that directory; else it is /run/trackd. 0, -ENAMETOOLONG,
 * or -ENXIO: the user's own board needs a directory, and the variable names none that is safe. */
int board_address_serve(char *ret_socket, const char *board);

/* The whole rule for clients. board and socket are the caller's choice or NULL. 0, -EINVAL (not a board's
 * name), -ENAMETOOLONG. */
int board_address_find(struct board_address *ret_address, const char *board, const char *socket);

/* What the daemon at the socket says that it serves, n bytes with a NUL: it must be the board that
 * was named, and if none was, it is the place's from now on. 0; TRACKD_E_OTHER_BOARD; -EPROTO. */
int board_address_follow(struct board_address *address, const char *served, size_t n);

/*
 * The user to whom a board must belong that is opened by its name: the owner of the socket's
 * directory. In a directory in which everybody can make files, such as /tmp, it may be the caller's
 * as well. 0 or -errno.
 */
int board_address_owner(const struct board_address *address, uid_t *ret_uid);

#endif
