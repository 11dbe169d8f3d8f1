/* SPDX-License-Identifier: MIT */
/*
 * A private trackd, with its own board, and its socket in its own folder.
 *
 *	struct private_daemon daemon;
 *	private_daemon_start(&daemon, (const char *const[]){ "--capacity", "64", NULL });
 *	...connect with private_daemon_open(&daemon, TRACKD_OPEN_WRITE)...
 *	private_daemon_kill(&daemon);        SIGKILL: the board stays
 *	private_daemon_restart(&daemon);     the same board, socket and options
 *	private_daemon_stop(&daemon);        SIGTERM; the exit status
 *	private_daemon_remove(&daemon);      stop if it runs, and unlink the board
 *
 * Starting waits for READY=1. Daemons that still run at exit are killed and their boards unlinked.
 */
#ifndef TESTS_PRIVATE_DAEMON_H
#define TESTS_PRIVATE_DAEMON_H

#include "libclient/trackd.h"
#include <sys/types.h>

enum { PRIVATE_DAEMON_OPTIONS = 32 };

struct private_daemon {
	pid_t pid; /* 0: not running */
	char folder[128];
	char board[64];
	char socket[160];
	char log[160]; /* its stdout and stderr, appended */
	char options[PRIVATE_DAEMON_OPTIONS][256];
	int n_options;
};

/* options: a list that ends with NULL, or NULL. */
void private_daemon_start(struct private_daemon *daemon, const char *const *options);
/* The same, but returns 0 if it gets ready, otherwise its exit status or -signal. */
int private_daemon_try(struct private_daemon *daemon, const char *const *options);
void private_daemon_restart(struct private_daemon *daemon);
/* The same; returns as private_daemon_try(). */
int private_daemon_retry(struct private_daemon *daemon);
void private_daemon_kill(struct private_daemon *daemon);
int private_daemon_stop(struct private_daemon *daemon);
void private_daemon_remove(struct private_daemon *daemon);

/* A connection to its board; harness_die() on failure. */
struct trackd *private_daemon_open(const struct private_daemon *daemon, unsigned flags);

#endif
