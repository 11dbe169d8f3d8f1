/* SPDX-License-Identifier: MIT */
/*
 * The job of trackctl run: a command in its own process group, started with the original signal
 * settings. A signal sent to us reaches the job once; a signal from the terminal goes to the group
 * that has the terminal.
 */
#ifndef TRACKCTL_RUN_CHILD_H
#define TRACKCTL_RUN_CHILD_H

#include "tools/trackctl/run/foreground.h"
#include "tools/trackctl/run/guard.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;   /* also the id of the process group */
	int signals; /* signalfd: readable when child_attend() has something to do */
	bool ended;
	int status;       /* from waitpid(), once it has ended */
	bool told;        /* a signal that ends a job was passed on */
	bool interrupted; /* a signal ended it while it had the terminal */
	struct foreground foreground;
	struct guard guard;
	uint32_t held;    /* bit mask of signals that the whole cgroup may have received */
	uint64_t held_ns; /* since when they are held */
};

/* Block the signals to be handled, so that none is lost, and start the guard, which removes
 * `remove` (may be NULL) if we are killed. 0 or -errno. Call it first. */
int child_prepare(struct child *child, const char *remove);

/* Start the command; pass: called in the child before exec. 0, or -errno of the failure, including
 * that of execvp(): then there is no child. */
int child_start(struct child *child, char **command, void (*pass)(void *user), void *user);

/* Handle pending signals: forward them, follow stops of the command, notice its end. */
void child_attend(struct child *child);

/* Milliseconds until child_attend() is due, at most `most`. */
int child_patience(const struct child *child, int most);

/* Send a signal to the whole job; a stopped job is continued, so that it receives the signal. 0, or
 * -errno if no process could be reached (-EPERM: it runs as another user). */
int child_signal_all(const struct child *child, int signal_number);

/* Whether any process of the job is alive. */
bool child_has_members(const struct child *child);

/* Reap the command, which frees its process id, and end the guard. */
void child_free(struct child *child);

/* End as the command did: by the signal `number`, without dumping core. Returns only if the signal
 * does not end a process. all: send it to our whole group, as the terminal would. */
void child_die_likewise(int number, bool all);

#endif
