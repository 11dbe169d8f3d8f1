/* SPDX-License-Identifier: MIT */
/* The lines that a command writes to $TRACKD_PROGRESS under trackctl run. */
#ifndef TRACKCTL_RUN_PROGRESS_H
#define TRACKCTL_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_type {
	PROGRESS_COUNT, /* "N/M [message]" */
	PROGRESS_STAGE, /* "stage NAME [message]" */
};

struct progress {
	enum progress_type type;
	uint64_t done, total;
	const char *stage;
	const char *message; /* NULL: none */
};

/* Take a line apart (in place). False: it is neither. */
bool progress_parse(char *line, struct progress *ret_progress);

enum { PROGRESS_LINE = 1024 };

/* What has been read and is not yet a whole line. */
struct progress_buffer {
	char bytes[PROGRESS_LINE];
	size_t length;
	bool skip; /* the line is too long: to its end */
};

/* Read what is there from a descriptor that does not block; call `take` with each whole line. */
void progress_read(struct progress_buffer *buffer, int fd, void (*take)(void *user, char *line),
		   void *user);
/* Also what was left without a line end. */
void progress_finish(struct progress_buffer *buffer, void (*take)(void *user, char *line),
		     void *user);

#endif
