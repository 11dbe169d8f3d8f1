/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/board/board_connection.h"
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEEN = 256 };

struct link {
	struct trackd *trackd; /* NULL: none now */
	int error;             /* of the last attempt to connect */
	time_t tried;          /* CLOCK_MONOTONIC seconds; 0 never */
};

struct board_connection {
	const struct config *config;
	struct link reader, writer;
	uint64_t lineage; /* from which `id` was made */
	char id[33];
	char seen[SEEN][TRACKD_ID_MAX + 1]; /* ids shown recently */
	unsigned n_seen, n_unseen; /* how many of them were shown, how many were not found */
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec + 1; /* never 0 */
}

static struct trackd *link_get(struct board_connection *board, struct link *link, unsigned flags,
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

int board_connection_open(const struct config *config, struct board_connection **ret_board)
{
	struct board_connection *board = calloc(1, sizeof *board);

	if (!board)
		return -ENOMEM;
	board->config = config;
	*ret_board = board;
	return 0;
}

void board_connection_close(struct board_connection *board)
{
	if (!board)
		return;
	trackd_close(board->reader.trackd);
	trackd_close(board->writer.trackd);
	free(board);
}

struct trackd *board_connection_reader(struct board_connection *board, int *ret_error)
{
	return link_get(board, &board->reader, TRACKD_OPEN_READ, ret_error);
}

struct trackd *board_connection_writer(struct board_connection *board, int *ret_error)
{
	return link_get(board, &board->writer, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER,
			ret_error);
}

/* The board seeds its hash of ids with the lineage. Clients that knew it could choose colliding
 * ids, so they get a digest. */
static void spell_id(struct board_connection *board)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[32] = { 0 };

	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, &board->lineage, sizeof board->lineage, digest);
	for (size_t i = 0; i < sizeof board->id / 2; i++) {
		board->id[2 * i] = digits[digest[i] >> 4];
		board->id[2 * i + 1] = digits[digest[i] & 15];
	}
	board->id[sizeof board->id - 1] = '\0';
}

const char *board_connection_id(struct board_connection *board)
{
	struct trackd_cursor cursor;
	int error;
	struct trackd *trackd = board_connection_reader(board, &error);

	if (!trackd)
		return "";
	/* Called for every answer and event; the lineage hardly ever changes. */
	trackd_cursor_now(trackd, &cursor);
	if (board->id[0] == '\0' || cursor.lineage != board->lineage) {
		board->lineage = cursor.lineage;
		spell_id(board);
	}
	return board->id;
}

/* ---- A task of an owner -------------------------------------------------- */

/* 0: the task is the owner's. A record that is removed meanwhile may give any result; its task is
 * then not found anyway. A task without an owner is visible to no user over HTTP. */
static int check_owner(struct trackd *trackd, struct trackd_ref ref, const char *owner)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = trackd_get(trackd, ref, &view);

	if (error < 0)
		return trackd_gone(error) ? TRACKD_E_NOT_FOUND : error;
	if (strncmp(trackd_view_owner(&view), owner, TRACKD_OWNER_MAX + 1) != 0)
		return TRACKD_E_NOT_FOUND;
	return owner[0] != '\0' ? 0 : TRACKD_E_NOT_FOUND;
}

/* Copy a task of the owner. */
static int copy(struct trackd *trackd, struct trackd_ref ref, const char *owner,
		struct trackd_task *ret_task)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = trackd_copy(trackd, ref, &task);

	if (trackd_gone(error) || (error >= 0 && strcmp(task.owner, owner) != 0))
		return TRACKD_E_NOT_FOUND;
	if (error >= 0)
		*ret_task = task;
	return error;
}

static int find(struct trackd *trackd, const char *id, const char *owner,
		struct trackd_ref *ret_ref, bool *ret_exists)
{
	int error = trackd_lookup(trackd, id, ret_ref);

	*ret_exists = error >= 0;
	if (error < 0)
		return error == TRACKD_E_KEY ? TRACKD_E_NOT_FOUND : error;
	return check_owner(trackd, *ret_ref, owner);
}

/*
 * How long an answer takes must not reveal whether a task exists. So a request for a missing task
 * also looks up an existing one, and a request for another user's task also looks up a missing one:
 * each request does one of both. The extra id varies, because a repeated one would be read
 * faster.
 */
static void find_another(struct board_connection *board, struct trackd *trackd, const char *owner,
			 bool missing)
{
	char id[TRACKD_ID_MAX + 1];
	struct trackd_ref ref;
	bool exists;

	memcpy(id, board->seen[board->n_unseen++ % SEEN], sizeof id);
	if (missing && id[0] != '\0')
		id[0] = id[0] == '~' ? '=' : '~';
	(void)find(trackd, id, owner, &ref, &exists);
}

int board_connection_find(struct board_connection *board, const char *id, const char *owner,
			  struct trackd_task *ret_task)
{
	struct trackd_ref ref;
	bool exists;
	int error;
	struct trackd *trackd = board_connection_reader(board, &error);

	if (!trackd)
		return error;
	error = find(trackd, id, owner, &ref, &exists);
	if (error == TRACKD_E_NOT_FOUND)
		find_another(board, trackd, owner, exists);
	if (error < 0)
		return error;
	memccpy(board->seen[board->n_seen++ % SEEN], id, '\0', sizeof board->seen[0]);
	return copy(trackd, ref, owner, ret_task);
}
