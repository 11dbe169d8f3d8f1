/* SPDX-License-Identifier: MIT */
/*
 * Filling a new board that has no name yet, from the snapshot or from the board that it replaces. A
 * worker that is still alive keeps its tasks. All other active tasks become failed, because the
 * worker was lost or the host restarted.
 */
#ifndef TRACKD_DAEMON_BOARD_RESTORE_H
#define TRACKD_DAEMON_BOARD_RESTORE_H

#include "daemon/board/snapshot.h"

struct restore_count {
	uint64_t tasks;   /* restored */
	uint64_t failed;  /* of them: were active and are now failed */
	uint64_t expired; /* left out: they have expired */
	uint64_t older;   /* left out: a newer task has the id */
	uint64_t lost;    /* could not be restored */
};

/* Where tasks come from: a snapshot, or a board that may be of another layout. */
struct restore_source {
	const uint8_t *boot_id; /* 16 bytes */
	uint64_t pid_ns;
	int64_t wall_offset_ns; /* tasks' times minus this are of the source's clock */
	uint32_t number;        /* of its board; 0: not known */
};

struct restore {
	struct board *board;
	bool same_boot;          /* CLOCK_BOOTTIME has not restarted */
	bool same_pids;          /* a pid may still mean the same process */
	int64_t offset_ns;       /* wall clock offset of the tasks' times */
	int kinds[LAYOUT_KINDS]; /* numbers of the tasks' kinds on the new board; -1: none */
	struct restore_count *count;
};

/*
 * One by one: first the kinds by their numbers, then the tasks, oldest first. restore_task() may change
 * the task that it gets. worker: worker_make(), if the caller copies the client table that it belongs
 * to; 0: the task's process is looked for.
 */
void restore_begin(struct restore *restore, struct board *board,
		   const struct restore_source *source, struct restore_count *ret_count);
void restore_kind(struct restore *restore, unsigned number, const struct trackd_kind *kind);
void restore_task(struct restore *restore, struct trackd_task *task, uint64_t worker);

/*
 * 0 with the count; -ENOENT if there is no snapshot; any other -errno: it could not be read, or it
 * could be used only in part and could not be set aside. That is logged, and the next snapshot must
 * not be written. All valid parts of a damaged snapshot are restored, and it is set aside.
 */
int restore_snapshot(struct board *board, const struct snapshot_place *place,
		     struct restore_count *ret_count);

/* Copy the tasks of another board as readers do. That board has been closed and sealed. */
int restore_board(struct board *board, struct board *old, struct restore_count *ret_count);

/* Log the result; from: "the snapshot". */
void restore_say(const char *board, const char *from, const struct restore_count *count);

#endif
