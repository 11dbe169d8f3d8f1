/* SPDX-License-Identifier: MIT */
/* The listening socket: passed by the service manager, or created at its path. */
#ifndef TRACKD_DAEMON_SOCKET_LISTENER_H
#define TRACKD_DAEMON_SOCKET_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

enum { LISTENER_PATH_MAX = 108 };

struct listener {
	int fd;
	bool made;           /* created by this daemon: to be removed at the end */
	bool shown;          /* at its path; otherwise under its temporary name */
	bool made_directory; /* this daemon created the path's directory */
	dev_t device;
	ino_t inode;
	const char *path;
	char beside[LISTENER_PATH_MAX];
};

/*
 * Create the socket for path under a temporary name with a random suffix. Creates the directory if
 * only its last component is missing. mode is the board's: users who may read it may connect. The
 * pointer path is kept. 0; -EADDRINUSE: another process listens at path; -errno, and nothing is
 * left behind.
 */
int listener_make(struct listener *ret_listener, const char *path, mode_t mode, gid_t gid);

/* Whether the socket could be created and shown, as far as can be tested without doing it. Checks
 * the directory and an existing file at the path; ignores a daemon that listens there. 0 or
 * -errno. */
int listener_check(const char *path);

/* Advice for an error: the beginning of a sentence that continues with an alternative, or "". */
const char *listener_advice(int error);

/* Rename the socket to its path, atomically, replacing a dead daemon's. A passed socket is at its
 * path already. */
int listener_show(struct listener *listener);

/* Close, and remove the socket if this daemon created it and it still has its path. The directory
 * is removed only after a failed start: clients use its owner to check the board while no daemon
 * runs. */
void listener_close(struct listener *listener, bool failed);

/* Take a descriptor that the service manager passed, if it is a listening SOCK_SEQPACKET socket. */
bool listener_take(struct listener *ret_listener, int fd);

#endif
