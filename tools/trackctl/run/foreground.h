/* SPDX-License-Identifier: MIT */
/*
 * The terminal, shared between our process group and the command's. An interactive shell gives the
 * terminal to our group; we pass it on to the command's, take it back when the command stops or
 * ends, and stop ourselves when the command was stopped from the terminal, so that the shell sees
 * one job.
 */
#ifndef TRACKCTL_RUN_FOREGROUND_H
#define TRACKCTL_RUN_FOREGROUND_H

#include <stdbool.h>
#include <sys/types.h>

struct foreground {
	int tty;     /* the controlling terminal, or -1 */
	bool wanted; /* the command is to have it whenever our group has it */
	bool given;  /* the command has it */
};

/*
 * Look which terminal there is. The command gets it from the beginning if we are a job of our own
 * in an interactive shell; in a pipeline or a script, where others of our group share the terminal,
 * only once it was stopped for the want of it.
 */
void foreground_look(struct foreground *foreground);

/* Whether our group has the terminal now, and the command is to get it. */
bool foreground_is_free(const struct foreground *foreground);

/* Give it to a group, and take it back. SIGTTOU must be blocked. */
void foreground_give(struct foreground *foreground, pid_t group);
void foreground_take(struct foreground *foreground);

/* Stop by this signal's default action, until SIGCONT. all: our whole process group, as the
 * terminal would have done. The signal must be blocked. */
void foreground_stop(int signal_number, bool all);

void foreground_end(struct foreground *foreground);

#endif
