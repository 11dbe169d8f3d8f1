/* SPDX-License-Identifier: MIT */
/*
 * Shares the terminal between our process group and the command's. An interactive shell gives the
 * terminal to our group. We pass it to the command's group, take it back when the command stops or
 * ends, and stop ourselves when the command is stopped from the terminal, so that the shell sees
 * one job.
 */
#ifndef TRACKCTL_RUN_FOREGROUND_H
#define TRACKCTL_RUN_FOREGROUND_H

#include <stdbool.h>
#include <sys/types.h>

struct foreground {
	int tty;     /* the controlling terminal, or -1 */
	bool wanted; /* the command gets it whenever our group has it */
	bool given;  /* the command has it */
};

/*
 * Find the terminal. The command gets it at once if we are a separate job of an interactive shell.
 * In a pipeline or a script, where other processes of our group share the terminal, it gets it only
 * after it was stopped because it needed the terminal.
 */
void foreground_look(struct foreground *foreground);

/* Whether our group has the terminal now and the command should get it. */
bool foreground_is_free(const struct foreground *foreground);

/* Give the terminal to a group, or take it back. SIGTTOU must be blocked. */
void foreground_give(struct foreground *foreground, pid_t group);
void foreground_take(struct foreground *foreground);

/* Stop by the default action of a signal, until SIGCONT. all: stop our whole process group, as the
 * terminal would. The signal must be blocked. */
void foreground_stop(int signal_number, bool all);

void foreground_end(struct foreground *foreground);

#endif
