/* SPDX-License-Identifier: MIT */
/*
 * Where a board is: its name and its daemon's socket. The one rule, for clients and for the daemon;
 * trackd_open() in trackd.h tells it to people.
 */
#ifndef TRACKD_SEGMENT_BOARD_ADDRESS_H
#define TRACKD_SEGMENT_BOARD_ADDRESS_H

#include <stdbool.h>
#include <sys/types.h>

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

/* $XDG_RUNTIME_DIR, or NULL if it is not set to an absolute path, or leads to a directory that is
 * another user's or that others may write: there a stranger could answer in the daemon's place. */
const char *board_address_runtime_dir(void);

/* The socket of a board in the per-user ($XDG_RUNTIME_DIR/trackd, else /run/user/<uid>/trackd) or
 * the system runtime directory (/run/trackd): DIR/NAME.sock. -ENAMETOOLONG. */
int board_address_socket(char *ret_socket, const char *board, bool user);

/* The whole rule. board and socket are the caller's choice or NULL. 0, -EINVAL (not a board's
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
