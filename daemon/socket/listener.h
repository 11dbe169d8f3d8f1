/* SPDX-License-Identifier: MIT */
/* The listening socket: handed over by the service manager, or made at its path. */
#ifndef TRACKD_DAEMON_SOCKET_LISTENER_H
#define TRACKD_DAEMON_SOCKET_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

enum { LISTENER_PATH_MAX = 108 };

struct listener {
	int fd;
	bool made;           /* by us: to be removed at the end */
	bool shown;          /* at its path; else it is beside it */
	bool made_directory; /* of the path, by us */
	dev_t device;
	ino_t inode;
	const char *path;
	char beside[LISTENER_PATH_MAX];
};

/*
 * Make the socket of path, beside it, with a suffix made by chance: its directory is made if only
 * the last component is missing. mode is the board's: who may read it may connect. path is kept.
 * 0; -EADDRINUSE: another process listens there; -errno, and nothing is left.
 */
int listener_make(struct listener *ret_listener, const char *path, mode_t mode, gid_t gid);

/* Whether it could be made and shown, as far as can be told without doing it: what is wrong with the
 * directory or with what is at the path. A daemon that listens there does not matter. 0 or -errno. */
int listener_check(const char *path);

/* What to do about an error: the beginning of a sentence that goes on with another way, or "". */
const char *listener_advice(int error);

/* Put it at its path, in one step: a dead daemon's is replaced. What was handed over is there. */
int listener_show(struct listener *listener);

/* Remove what was made, if it still is ours, and close. After a start that failed the directory goes
 * too; else it stays: clients take its owner for the board's while we are away. */
void listener_close(struct listener *listener, bool failed);

/* Take a descriptor that was handed over, if it is a listening socket of our sort. */
bool listener_take(struct listener *ret_listener, int fd);

#endif
