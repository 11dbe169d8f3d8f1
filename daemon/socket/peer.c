/* SPDX-License-Identifier: MIT */
/* Peers from SO_PEERCRED and similar options: the kernel recorded them when the process called
 * connect(). */
#include "daemon/socket/peer.h"
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5; not in Debian 12's headers */
#endif

enum { GROUPS_MAX = 1024 };

int peer_identify(struct peer *ret_peer, int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return -errno;
	*ret_peer = (struct peer){ .pid = who.pid, .uid = who.uid, .gid = who.gid, .fd = fd };
	return 0;
}

static bool is_member(const struct peer *peer, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof groups;

	if (peer->gid == gid)
		return true;
	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof groups[0]; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

bool peer_may(const struct peer *peer, int board_fd, bool write)
{
	mode_t wanted = write ? 06 : 04;
	struct stat st;

	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	if (fstat(board_fd, &st) < 0)
		return false;
	if (is_member(peer, st.st_gid))
		return (st.st_mode >> 3 & wanted) == wanted;
	return (st.st_mode & wanted) == wanted;
}

/* Whether the peer shares the namespace /proc/PID/ns/NAME. True if it cannot be read: the library
 * checks too. */
static bool same_namespace(pid_t pid, const char *name)
{
	char path[64];
	struct stat theirs, ours;

	snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, name);
	if (stat(path, &theirs) < 0)
		return true;
	snprintf(path, sizeof path, "/proc/self/ns/%s", name);
	return stat(path, &ours) < 0 || theirs.st_ino == ours.st_ino;
}

bool peer_is_near(const struct peer *peer)
{
	return peer->pid > 0 && same_namespace(peer->pid, "pid") &&
	       same_namespace(peer->pid, "time");
}

int peer_pidfd(int fd)
{
	int pidfd;
	socklen_t size = sizeof pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
		return -1;
	return pidfd;
}
