/* SPDX-License-Identifier: MIT */
/*
 * The address of a board: its name and its daemon's socket. Clients and the daemon use the same
 * rule, documented at trackd_open() in trackd.h.
 */
#ifndef TRACKD_SEGMENT_BOARD_ADDRESS_H
#define TRACKD_SEGMENT_BOARD_ADDRESS_H

#include <stdbool.h>
#include <sys/types.h>

#define BOARD_ADDRESS_SYSTEM "/trackd" /* the system's board */

struct board_address {
	char board[64];   /* "/trackd" */
	char socket[108]; /* path */
	bool named;       /* the caller or the environment named the board */
};

/* "/NAME": 1 to 59 bytes of A-Za-z0-9._- after the slash, not beginning with a dot. */
bool board_name_valid(const char *board);

/* Complete a board's name, which may lack the slash. ret_board: 64 bytes. -EINVAL if it is not
 * valid. */
int board_address_name(char *ret_board, const char *board);

/* The per-user board's name, "/trackd-<uid>". */
void board_address_user_name(char *ret_board, uid_t uid);

/* The socket that a daemon of the caller makes for a board, where board_address_find() finds it:
 * DIR/NAME.sock. DIR is $XDG_RUNTIME_DIR/trackd for the user's own board, and for every other one but
 * /trackd where the caller is not root and has that directory; else it is /run/trackd. 0, -ENAMETOOLONG,
 * or -ENXIO: the user's own board needs a directory, and the variable names none that is safe. */
int board_address_serve(char *ret_socket, const char *board);

/* Apply the rule. board and socket: the caller's choice, or NULL. 0, -EINVAL (not a board's name),
 * -ENAMETOOLONG. */
int board_address_find(struct board_address *ret_address, const char *board, const char *socket);

/* Handle the name of the board that the daemon at the socket serves (n bytes with a NUL): it must
 * equal the board that was named. If none was named, it becomes the address's board. 0;
 * TRACKD_E_OTHER_BOARD; -EPROTO. */
int board_address_follow(struct board_address *address, const char *served, size_t n);

/*
 * The user who must own a board that is opened by name: the owner of the socket's directory. If all
 * users can create files in that directory, such as /tmp, a board of the caller is accepted too. 0
 * or -errno.
 */
int board_address_owner(const struct board_address *address, uid_t *ret_uid);

#endif
