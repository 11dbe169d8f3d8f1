/* SPDX-License-Identifier: MIT */
#include "board.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct link {
	struct trackd *trackd; /* NULL: none now */
	int error;             /* of the last attempt */
	time_t tried;          /* CLOCK_MONOTONIC seconds; 0 never */
};

struct board {
	const struct config *config;
	struct link reader, writer;
	char id[33];
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec + 1; /* never 0 */
}

static struct trackd *link_get(struct board *board, struct link *link, unsigned flags,
			       int *ret_error)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	time_t now = now_s();

	if (!link->trackd && link->tried != now) {
		options.flags = flags;
		options.board = board->config->board[0] ? board->config->board : NULL;
		options.socket = board->config->socket[0] ? board->config->socket : NULL;
		link->tried = now;
		link->error = trackd_open(&link->trackd, &options);
	}
	if (!link->trackd)
		*ret_error = link->error;
	return link->trackd;
}

int board_open(const struct config *config, struct board **ret_board)
{
	struct board *board = calloc(1, sizeof *board);

	if (!board)
		return -ENOMEM;
	board->config = config;
	*ret_board = board;
	return 0;
}

void board_close(struct board *board)
{
	if (!board)
		return;
	trackd_close(board->reader.trackd);
	trackd_close(board->writer.trackd);
	free(board);
}

struct trackd *board_reader(struct board *board, int *ret_error)
{
	return link_get(board, &board->reader, TRACKD_OPEN_READ, ret_error);
}

struct trackd *board_writer(struct board *board, int *ret_error)
{
	return link_get(board, &board->writer, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER,
			ret_error);
}

const char *board_id(struct board *board)
{
	uint8_t id[16];
	int error;
	struct trackd *trackd = board_reader(board, &error);

	board->id[0] = '\0';
	if (!trackd)
		return board->id;
	trackd_board_id(trackd, id);
	for (size_t i = 0; i < sizeof id; i++)
		snprintf(&board->id[2 * i], 3, "%02x", id[i]);
	return board->id;
}

int board_find(struct board *board, const char *id, const char *owner, struct trackd_task *ret_task)
{
	struct trackd_task task;
	struct trackd_ref ref;
	int error;
	struct trackd *trackd = board_reader(board, &error);

	if (!trackd)
		return error;
	error = trackd_lookup(trackd, id, &ref);
	if (error >= 0)
		error = trackd_copy(trackd, ref, &task);
	if (error == TRACKD_E_GONE || error == TRACKD_E_KEY)
		return TRACKD_E_NOT_FOUND;
	if (error < 0)
		return error;
	/* Nobody's task is nobody's over HTTP. */
	if (owner[0] == '\0' || strcmp(task.owner, owner) != 0)
		return TRACKD_E_NOT_FOUND;
	*ret_task = task;
	return 0;
}
