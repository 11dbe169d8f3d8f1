/* SPDX-License-Identifier: MIT */
/* Options, then the environment, then the user's own board if there is one, then the system's. */
#include "place.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_BOARD "/trackd"
#define SYSTEM_DIR "/run/trackd"

bool place_name_valid(const char *board)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t length;

	if (board[0] != '/' || board[1] == '.')
		return false;
	length = strspn(board + 1, allowed);
	return length >= 1 && length <= 59 && board[1 + length] == '\0';
}

void place_user_board(char *ret_board, uid_t uid)
{
	snprintf(ret_board, sizeof((struct place *)0)->board, SYSTEM_BOARD "-%u", (unsigned)uid);
}

int place_socket(char *ret_socket, const char *board, bool user)
{
	size_t size = sizeof((struct place *)0)->socket;
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	int n;

	if (!user)
		n = snprintf(ret_socket, size, SYSTEM_DIR "%s.sock", board);
	else if (runtime && runtime[0] == '/')
		n = snprintf(ret_socket, size, "%s/trackd%s.sock", runtime, board);
	else
		n = snprintf(ret_socket, size, "/run/user/%u/trackd%s.sock", (unsigned)geteuid(),
			     board);
	return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool segment_exists(const char *board)
{
	char path[128];

	snprintf(path, sizeof path, "/dev/shm%s", board);
	return exists(path);
}

/* The user's own board, if it or its socket is there. */
static bool find_user(struct place *place)
{
	place_user_board(place->board, geteuid());
	return place_socket(place->socket, place->board, true) == 0 &&
	       (exists(place->socket) || segment_exists(place->board));
}

/* A board that was named: its socket is the user's if that exists, else the system's. The user's
 * own board has only the former. */
static int find_socket(struct place *place)
{
	char own[sizeof place->board];

	place_user_board(own, geteuid());
	int error = place_socket(place->socket, place->board, true);
	if (strcmp(place->board, own) == 0 || (error == 0 && exists(place->socket)))
		return error;
	return place_socket(place->socket, place->board, false);
}

static const char *choice(const char *option, const char *variable)
{
	const char *value = option ? option : secure_getenv(variable);

	return value && value[0] != '\0' ? value : NULL;
}

int place_find(struct place *ret_place, const char *board, const char *socket)
{
	struct place place = { 0 };
	int error = 0;

	board = choice(board, "TRACKD_BOARD");
	socket = choice(socket, "TRACKD_SOCKET");
	if (board) {
		if (!place_name_valid(board))
			return -EINVAL;
		snprintf(place.board, sizeof place.board, "%s", board);
		error = find_socket(&place);
	} else if (!find_user(&place)) {
		snprintf(place.board, sizeof place.board, SYSTEM_BOARD);
		error = place_socket(place.socket, place.board, false);
	}
	if (socket) {
		size_t length = strlen(socket);
		if (length >= sizeof place.socket)
			return -ENAMETOOLONG;
		memcpy(place.socket, socket, length + 1);
		error = 0;
	}
	if (error == 0)
		*ret_place = place;
	return error;
}
