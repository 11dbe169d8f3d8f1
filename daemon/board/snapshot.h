/* SPDX-License-Identifier: MIT */
/*
 * Saving the board to the state directory and reading it back. A snapshot is written to a temporary
 * file, fsynced and renamed over the old one, and the directory is fsynced, so there is always one
 * complete snapshot. The writer reads records without locks, as any reader does. While the daemon
 * serves, the writer runs in a separate thread, so a slow disk delays no client.
 */
#ifndef TRACKD_DAEMON_BOARD_SNAPSHOT_H
#define TRACKD_DAEMON_BOARD_SNAPSHOT_H

#include "daemon/board/snapshot_file.h"
#include "libclient/segment/internal.h"
#include <pthread.h>
#include <stdbool.h>

struct snapshot_place {
	const char *dir;   /* "": there are no snapshots */
	const char *board; /* "/trackd" */
};

/* Whether a snapshot could be written: 0 or -errno. Must not be called while one is being
 * written. */
int snapshot_try(const struct snapshot_place *place);

/* Write a snapshot. Returns the number of tasks, or -errno; then the old one is kept. */
int64_t snapshot_write(struct board *board, const struct snapshot_place *place);

/* A snapshot that is being written. */
struct snapshot_job {
	struct board *board;
	struct snapshot_place place;
	pthread_t thread;
	bool running;
	int event_fd; /* readable when it is done */
	int64_t result;
};

int snapshot_begin(struct snapshot_job *job, struct board *board,
		   const struct snapshot_place *place);
/* Wait for its end. Returns the result of snapshot_write(), or -ENOENT if no job was running. */
int64_t snapshot_end(struct snapshot_job *job);

/* Reading. */
struct snapshot_reader {
	int fd;
	struct snapshot_header header;
	uint64_t bad;      /* places with invalid bytes */
	bool complete;     /* the end frame was read */
	uint64_t expected; /* number of tasks in the end frame */
	bool in_bad;
	size_t start, end;
	uint8_t buffer[16 * SNAPSHOT_FRAME_MAX];
};

/* 0; -ENOENT: there is none; -EBADMSG, -EPROTO: no part of it can be used; -EPERM: it belongs to
 * another user; any other -errno: it could not be read, and may be valid. */
int snapshot_open(struct snapshot_reader *reader, const struct snapshot_place *place);
/* Read the next valid item. 1; 0 at the end; -errno if the file cannot be read. */
int snapshot_next(struct snapshot_reader *reader, struct snapshot_item *ret_item);
void snapshot_close(struct snapshot_reader *reader);

enum { SNAPSHOT_ASIDE_MAX = 9 };

/*
 * Give a snapshot that could be used only in part a second name, NAME.corrupt, NAME.corrupt.2 and
 * so on, under which it stays when the next snapshot replaces it. Until then it is still read at a
 * start. Never replaces another file. ret_name: the file's name, without directory. 0; -EEXIST: all
 * SNAPSHOT_ASIDE_MAX names are taken; -errno.
 */
int snapshot_set_aside(const struct snapshot_place *place, char ret_name[128]);

#endif
