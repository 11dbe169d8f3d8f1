/* SPDX-License-Identifier: MIT */
/* Who is at the other end of a socket, as the kernel says. What the peer says of itself is never
 * asked. */
#ifndef TRACKD_DAEMON_SOCKET_PEER_H
#define TRACKD_DAEMON_SOCKET_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
	pid_t pid; /* 0: in a pid namespace that we do not see */
	uid_t uid;
	gid_t gid;
	int fd; /* its socket, for its other groups */
};

/* 0 or -errno. */
int peer_identify(struct peer *ret_peer, int fd);

/* Whether the peer may open the board of board_fd as its mode says: read, or also write. Root and
 * the daemon's own user always may. */
bool peer_may(const struct peer *peer, int board_fd, bool write);

/* Whether the peer shares our pid and time namespaces, as far as we can see. */
bool peer_is_near(const struct peer *peer);

/* A pidfd of the process that connected, or -1 where the kernel cannot tell. The caller closes it.
 */
int peer_pidfd(int fd);

#endif
