/* SPDX-License-Identifier: MIT */
/*
 * Saving the board to the state directory and reading it back. A snapshot is written beside the old
 * one, fsynced, renamed over it, and the directory fsynced, so that there is always one whole
 * snapshot. Writing reads records as any reader does, without locks, and while the daemon serves
 * runs in a thread of its own: a slow disk delays nobody.
 */
#ifndef TRACKD_SNAPSHOT_H
#define TRACKD_SNAPSHOT_H

#include "segment.h"
#include "snapshot_file.h"
#include <pthread.h>
#include <stdbool.h>

struct snapshot_place {
	const char *dir;   /* "": there are no snapshots */
	const char *board; /* "/trackd" */
};

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

/* 0; -ENOENT: there is none; -EBADMSG, -EPROTO: nothing in it can be used; -errno. */
int snapshot_open(struct snapshot_reader *reader, const struct snapshot_place *place);
/* The next item that verifies: 1, 0 at the end, -errno when the file cannot be read. */
int snapshot_next(struct snapshot_reader *reader, struct snapshot_item *ret_item);
void snapshot_close(struct snapshot_reader *reader);

/* Keep a damaged one as NAME.corrupt. */
void snapshot_set_aside(const struct snapshot_place *place);

#endif
