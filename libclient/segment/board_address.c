/* SPDX-License-Identifier: MIT */
/* Search order: options, the environment, the user's own board if there is one, the system's
 * board. */
#include "libclient/segment/board_address.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_DIR "/run/trackd"

bool board_name_valid(const char *board)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t length;

	if (board[0] != '/' || board[1] == '.')
		return false;
	length = strspn(board + 1, allowed);
	return length >= 1 && length <= 59 && board[1 + length] == '\0';
}

int board_address_name(char *ret_board, const char *board)
{
	size_t size = sizeof((struct board_address *)0)->board;
	char name[sizeof((struct board_address *)0)->board];
	int n = snprintf(name, size, "%s%s", board[0] == '/' ? "" : "/", board);

	if (n < 0 || (size_t)n >= size || !board_name_valid(name))
		return -EINVAL;
	memcpy(ret_board, name, (size_t)n + 1);
	return 0;
}

void board_address_user_name(char *ret_board, uid_t uid)
{
	snprintf(ret_board, sizeof((struct board_address *)0)->board, BOARD_ADDRESS_SYSTEM "-%u",
		 (unsigned)uid);
}

/* $XDG_RUNTIME_DIR, or NULL if it is not set to an absolute path, or leads to a directory that is
 * another user's or that others may write: there a stranger could answer in the daemon's place. */
static const char *runtime_dir(void)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!runtime || runtime[0] != '/')
		return NULL;
	if (stat(runtime, &st) == 0 && (st.st_uid != geteuid() || (st.st_mode & S_IWOTH)))
		return NULL;
	return runtime;
}

/* Of the user: $XDG_RUNTIME_DIR/trackd, else /run/user/<uid>/trackd. */
static int socket_in(char *ret_socket, const char *board, bool user)
{
	size_t size = sizeof((struct board_address *)0)->socket;
	const char *runtime = runtime_dir();
	int n;

	if (!user)
		n = snprintf(ret_socket, size, SYSTEM_DIR "%s.sock", board);
	else if (runtime)
		n = snprintf(ret_socket, size, "%s/trackd%s.sock", runtime, board);
	else
		n = snprintf(ret_socket, size, "/run/user/%u/trackd%s.sock", (unsigned)geteuid(),
			     board);
	return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int board_address_serve(char *ret_socket, const char *board)
{
	char own[sizeof((struct board_address *)0)->board];
	bool has_dir = runtime_dir() != NULL, is_own;

	board_address_user_name(own, geteuid());
	is_own = strcmp(board, own) == 0;
	if (is_own && !has_dir)
		return -ENXIO;
	return socket_in(
		ret_socket, board,
		is_own || (geteuid() != 0 && has_dir && strcmp(board, BOARD_ADDRESS_SYSTEM) != 0));
}

/* Whether a file exists and belongs to the caller: any user can create a file with any name in
 * /dev/shm. */
static bool is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == geteuid();
}

static bool segment_is_ours(const char *board)
{
	char path[128];

	snprintf(path, sizeof path, "/dev/shm%s", board);
	return is_ours(path);
}

/* Use the user's own board if it or its socket exists. */
static bool find_user(struct board_address *address)
{
	board_address_user_name(address->board, geteuid());
	return socket_in(address->socket, address->board, true) == 0 &&
	       (is_ours(address->socket) || segment_is_ours(address->board));
}

/* The socket of a named board is the user's if that exists, otherwise the system's. The user's own
 * board can only have the user's. */
static int find_socket(struct board_address *address)
{
	char own[sizeof address->board];

	board_address_user_name(own, geteuid());
	int error = socket_in(address->socket, address->board, true);
	if (strcmp(address->board, own) == 0 || (error == 0 && is_ours(address->socket)))
		return error;
	return socket_in(address->socket, address->board, false);
}

static const char *non_empty(const char *text)
{
	return text && text[0] != '\0' ? text : NULL;
}

/* TRACKD_SOCKET belongs to TRACKD_BOARD, or to the default board if that is not set. Ignore it if
 * the caller names another board. */
static const char *socket_from_environment(const char *board)
{
	const char *other = non_empty(secure_getenv("TRACKD_BOARD"));
	char a[sizeof((struct board_address *)0)->board], b[sizeof a];

	if (board && (!other || board_address_name(a, board) < 0 ||
		      board_address_name(b, other) < 0 || strcmp(a, b) != 0))
		return NULL;
	return non_empty(secure_getenv("TRACKD_SOCKET"));
}

int board_address_find(struct board_address *ret_address, const char *board, const char *socket)
{
	struct board_address address = { 0 };
	int error = 0;

	board = non_empty(board);
	socket = non_empty(socket);
	if (!socket)
		socket = socket_from_environment(board);
	if (!board)
		board = non_empty(secure_getenv("TRACKD_BOARD"));
	if (board) {
		address.named = true;
		error = board_address_name(address.board, board);
		if (error < 0)
			return error;
		error = find_socket(&address);
	} else if (!find_user(&address)) {
		snprintf(address.board, sizeof address.board, BOARD_ADDRESS_SYSTEM);
		error = socket_in(address.socket, address.board, false);
	}
	if (socket) {
		size_t length = strlen(socket);
		if (length >= sizeof address.socket)
			return -ENAMETOOLONG;
		memcpy(address.socket, socket, length + 1);
		error = 0;
	}
	if (error == 0)
		*ret_address = address;
	return error;
}

int board_address_follow(struct board_address *address, const char *served, size_t n)
{
	if (memchr(served, '\0', n) == NULL || !board_name_valid(served))
		return -EPROTO;
	if (address->named)
		return strcmp(address->board, served) == 0 ? 0 : TRACKD_E_OTHER_BOARD;
	snprintf(address->board, sizeof address->board, "%s", served);
	address->named = true;
	return 0;
}

int board_address_owner(const struct board_address *address, uid_t *ret_uid)
{
	char path[sizeof address->socket];
	struct stat directory;
	char *slash;

	memcpy(path, address->socket, sizeof path);
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	slash[slash == path ? 1 : 0] = '\0';
	if (stat(path, &directory) < 0)
		return -errno;
	*ret_uid = directory.st_uid;
	/* Any user may have created the socket in this directory, but a board that the caller owns
	 * is safe. */
	if ((directory.st_mode & S_IWOTH) && segment_is_ours(address->board))
		*ret_uid = geteuid();
	return 0;
}
