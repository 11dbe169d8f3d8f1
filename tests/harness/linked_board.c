/* SPDX-License-Identifier: MIT */
/* A board with a name; see linked_board.h. */
#include "tests/harness/linked_board.h"
#include "tests/harness/harness.h"
#include <stdio.h>
#include <string.h>

void linked_board_make(struct linked_board *ret_linked, uint32_t capacity)
{
	static char folder[128];

	if (folder[0] == '\0')
		harness_folder(folder, sizeof folder);
	memcpy(ret_linked->folder, folder, sizeof folder);
	snprintf(ret_linked->socket, sizeof ret_linked->socket, "%s/none.sock", folder);
	harness_board_name(ret_linked->name);
	harness_board(&ret_linked->board, capacity);
	HARNESS_MUST(segment_link(&ret_linked->board, ret_linked->name));
}

void linked_board_remove(struct linked_board *linked)
{
	harness_unlink(linked->name);
	harness_board_free(&linked->board);
}

int linked_board_try(const struct linked_board *linked, unsigned flags, uint32_t timeout_ms,
		     struct trackd **ret_trackd)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	options.flags = flags | TRACKD_OPEN_NO_DAEMON;
	options.board = linked->name;
	options.socket = linked->socket;
	options.timeout_ms = timeout_ms;
	return trackd_open(ret_trackd, &options);
}

struct trackd *linked_board_open(const struct linked_board *linked, unsigned flags,
				 uint32_t timeout_ms)
{
	struct trackd *trackd;

	HARNESS_MUST(linked_board_try(linked, flags, timeout_ms, &trackd));
	return trackd;
}
