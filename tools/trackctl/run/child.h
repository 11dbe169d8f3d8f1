/* SPDX-License-Identifier: MIT */
/*
 * The job that trackctl run runs: a command in a process group of its own, started with its signals
 * as they were. What is sent to us reaches the job once; what the terminal sends goes to whichever
 * of the two groups has it.
 */
#ifndef TRACKCTL_RUN_CHILD_H
#define TRACKCTL_RUN_CHILD_H

#include "tools/trackctl/run/foreground.h"
#include "tools/trackctl/run/guard.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;   /* also the number of the process group */
	int signals; /* signalfd: readable when there is something for child_attend() */
	bool ended;
	int status;       /* as of waitpid(), once it has ended */
	bool interrupted; /* it had the terminal when a signal ended it */
	struct foreground foreground;
	struct guard guard;
	uint32_t held;    /* signals, as bits, that the whole cgroup may have got */
	uint64_t held_ns; /* since when */
};

/* Block the signals that are handled, so that none is lost, and start the guard, which removes
 * `remove` (may be NULL) should we be killed. 0 or -errno. Call it first. */
int child_prepare(struct child *child, const char *remove);

/* Start command; pass: called in the child before it becomes the command. 0, or -errno of what went
 * wrong, execvp() included: then there is no child. */
int child_start(struct child *child, char **command, void (*pass)(void *user), void *user);

/* Handle what came: pass signals on, follow the command's stops, notice its end. */
void child_attend(struct child *child);

/* Milliseconds until child_attend() is due, at most `most`. */
int child_patience(const struct child *child, int most);

/* Send a signal to the whole job; one that is stopped is continued, so that it takes it. 0, or
 * -errno if none of it could be reached (-EPERM: it runs as another user). */
int child_signal_all(const struct child *child, int signal_number);

/* Whether a process of the job, other than the command's remains, is left. */
bool child_has_members(const struct child *child);

/* Let go: the guard ends, the command's process number is free again. */
void child_free(struct child *child);

/* End as the command did: by the signal `number`, without a core of our own. Returns only if that
 * signal ends no process. all: our whole group, as if the terminal had sent it. */
void child_die_likewise(int number, bool all);

#endif
