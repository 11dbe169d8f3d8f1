/* SPDX-License-Identifier: MIT */
/* The listening socket: handed over by the service manager, or made at its path. */
#ifndef TRACKD_LISTENER_H
#define TRACKD_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

struct listener {
	int fd;
	bool made; /* by us: to be removed at the end */
	dev_t device;
	ino_t inode;
	const char *path;
};

/*
 * Make the socket of path, beside it: its directory is made if only the last component is missing.
 * mode is the board's: who may read it may connect. path is kept.
 * 0; -EADDRINUSE: somebody listens there; -errno.
 */
int listener_make(struct listener *ret_listener, const char *path, mode_t mode, gid_t gid);

/* Put it at its path, in one step: a dead daemon's is replaced. What was handed over is there. */
int listener_show(struct listener *listener);

/* Remove what was made, if it still is ours, and close. */
void listener_close(struct listener *listener);

/* Take a descriptor that was handed over, if it is a listening socket of our sort. */
bool listener_take(struct listener *ret_listener, int fd);

#endif
