/* SPDX-License-Identifier: MIT */
/*
 * The command that trackctl run runs: started with its signals as they were, ended when we die, its
 * end and the signals that are meant for it on one descriptor.
 */
#ifndef TRACKCTL_CHILD_H
#define TRACKCTL_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int signals; /* signalfd: readable when there is something for child_signals() */
	bool ended;
	int status; /* of waitpid(), once it has ended */
};

/* Block the signals that are forwarded, so that none is lost. 0 or -errno. Call it before
 * child_start(). */
int child_prepare(struct child *child);

/* Start command. 0, or -errno of what went wrong, execvp() included: then there is no child. */
int child_start(struct child *child, char **command);

/* Read what came: forward signals, notice the end. */
void child_signals(struct child *child);

void child_free(struct child *child);

#endif
