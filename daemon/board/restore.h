/* SPDX-License-Identifier: MIT */
/*
 * Filling a fresh board that has no name yet, from the snapshot or from the board that it
 * replaces. A worker that still lives keeps its task; what else was active has failed: with its
 * worker, or with the host.
 */
#ifndef TRACKD_DAEMON_BOARD_RESTORE_H
#define TRACKD_DAEMON_BOARD_RESTORE_H

#include "daemon/board/snapshot.h"

struct restore_count {
	uint64_t tasks;   /* brought back */
	uint64_t failed;  /* of them: were active and are failed now */
	uint64_t expired; /* left out: their time is over */
	uint64_t older;   /* left out: one of the same id is newer */
	uint64_t lost;    /* could not be brought back */
};

/*
 * 0 with the count; -ENOENT if there is no snapshot; any other -errno: it could not be read, or not
 * everything in it could be used and it could not be set aside. That is logged, and the
 * next snapshot must not be written. A damaged snapshot is read as far as it goes and set aside.
 */
int restore_snapshot(struct board *board, const struct snapshot_place *place,
		     struct restore_count *ret_count);

/* Copy the tasks of another board, which has been closed and sealed, as readers do. */
int restore_board(struct board *board, struct board *old, struct restore_count *ret_count);

/* Say in the log what came of it; from: "the snapshot". */
void restore_say(const char *board, const char *from, const struct restore_count *count);

#endif
