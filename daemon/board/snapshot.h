/* SPDX-License-Identifier: MIT */
/*
 * Saving the board to the state directory and reading it back. A snapshot is written beside the old
 * one, fsynced, renamed over it, and the directory fsynced, so that there is always one whole
 * snapshot. Writing reads records as any reader does, without locks, and while the daemon serves
 * runs in a thread of its own: a slow disk delays no client.
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

/* Whether one could be written: 0 or -errno. No snapshot may be under way. */
int snapshot_try(const struct snapshot_place *place);

/* Write one. Returns the number of tasks, or -errno; the old one is kept then. */
int64_t snapshot_write(struct board *board, const struct snapshot_place *place);

/* One that is being written. */
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
/* Wait for it. What snapshot_write() returned, or -ENOENT when none was running. */
int64_t snapshot_end(struct snapshot_job *job);

/* Reading. */
struct snapshot_reader {
	int fd;
	struct snapshot_header header;
	uint64_t bad;      /* places at which bytes did not verify */
	bool complete;     /* the end was met */
	uint64_t expected; /* tasks, as the end says */
	bool in_bad;
	size_t start, end;
	uint8_t buffer[16 * SNAPSHOT_FRAME_MAX];
};

/* 0; -ENOENT: there is none; -EBADMSG, -EPROTO: it was read, and nothing in it can be used; any other
 * -errno: it could not be read, and may be whole; -EPERM: it is a stranger's. */
int snapshot_open(struct snapshot_reader *reader, const struct snapshot_place *place);
/* The next item that verifies: 1, 0 at the end, -errno when the file cannot be read. */
int snapshot_next(struct snapshot_reader *reader, struct snapshot_item *ret_item);
void snapshot_close(struct snapshot_reader *reader);

enum { SNAPSHOT_ASIDE_MAX = 9 };

/*
 * Give a snapshot of which not everything could be used a second name, NAME.corrupt or
 * NAME.corrupt.2 and so on, under which it stays when the next one takes its place. Until then it is
 * still read at a start. Never takes the name of another. ret_name: of the file, without directory.
 * 0; -EEXIST: all SNAPSHOT_ASIDE_MAX names are taken; -errno.
 */
int snapshot_set_aside(const struct snapshot_place *place, char ret_name[128]);

#endif
