/* SPDX-License-Identifier: MIT */
/* The process at the other end of a socket, as the kernel reports it. The peer's own statements are
 * not used. */
#ifndef TRACKD_DAEMON_SOCKET_PEER_H
#define TRACKD_DAEMON_SOCKET_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
	pid_t pid; /* 0: in a pid namespace that this process cannot see */
	uid_t uid;
	gid_t gid;
	int fd; /* its socket, to read its supplementary groups */
};

/* 0 or -errno. */
int peer_identify(struct peer *ret_peer, int fd);

/* Whether the mode of board_fd permits the peer to read, or also to write. Root and the daemon's
 * own user always may. */
bool peer_may(const struct peer *peer, int board_fd, bool write);

/* Whether the peer shares this process's pid and time namespaces, as far as this can be read. */
bool peer_is_near(const struct peer *peer);

/* A pidfd of the process that connected, or -1 if the kernel does not support this. The caller
 * closes it. */
int peer_pidfd(int fd);

#endif
