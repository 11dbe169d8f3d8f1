/* SPDX-License-Identifier: MIT */
/*
 * The standard output of the command of trackctl run, passed on unchanged, with its last line kept
 * for the task's result. Nothing waits for whoever reads our standard output: while it does not, the
 * command's pipe fills up, as it would without us.
 */
#ifndef TRACKCTL_RUN_OUTPUT_H
#define TRACKCTL_RUN_OUTPUT_H

#include "libclient/trackd.h"
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	OUTPUT_ROOM = 64 << 10,
	OUTPUT_LINE = TRACKD_RESULT_MAX + 2, /* one byte more than fits, so that it shows as cut */
};

struct output {
	int read, write;    /* -1: none, or closed */
	size_t from, until; /* of the bytes that are not passed on yet */
	char bytes[OUTPUT_ROOM];
	char line[OUTPUT_LINE]; /* the beginning of the present line */
	size_t length;
	char last[OUTPUT_LINE]; /* the last line that is not blank; "": none */
};

/* 0 or -errno. Without it, nothing is passed on, and the other calls do nothing. */
int output_open(struct output *output);
/* No pipe: for a command that has our own standard output. */
void output_none(struct output *output);

/* In the child that becomes the command, and in the parent afterwards. */
void output_pass(const struct output *output);
void output_started(struct output *output);

/* What to wait for, and then what to do. */
void output_wait_for(const struct output *output, struct pollfd ret_fds[2]);
void output_attend(struct output *output);

/* The command has ended: pass on the rest of what it wrote. wait: for whoever reads it, until a signal
 * interrupts it; otherwise only as much as can be written at once. */
void output_finish(struct output *output, bool wait);
void output_close(struct output *output);

#endif
