/* SPDX-License-Identifier: MIT */
/* Parses the lines that a command writes to $TRACKD_PROGRESS under trackctl run. */
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

/* Parse a line, in place. False: it has neither form. */
bool progress_parse(char *line, struct progress *ret_progress);

enum { PROGRESS_LINE = 1024 };

/* The incomplete line that was read last. */
struct progress_buffer {
	char bytes[PROGRESS_LINE];
	size_t length;
	bool skip; /* the line is too long: skip the rest of it */
};

/* Read everything available from a non-blocking descriptor; call `take` with each complete line. */
void progress_read(struct progress_buffer *buffer, int fd, void (*take)(void *user, char *line),
		   void *user);
/* Also pass on the last line if it has no line end. */
void progress_finish(struct progress_buffer *buffer, void (*take)(void *user, char *line),
		     void *user);

#endif
