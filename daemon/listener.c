/* SPDX-License-Identifier: MIT */
/* Making a socket so that nobody ever meets one that does not listen yet, and nobody's live one is
 * taken away. */
#include "listener.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int address_of(struct sockaddr_un *address, const char *path)
{
	size_t length = strlen(path);

	if (length >= sizeof address->sun_path)
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

/* Whether somebody listens at path: 1, 0 (nothing there, or a dead socket), -EEXIST (no socket). */
static int is_served(const char *path)
{
	struct sockaddr_un address;
	struct stat st;
	int fd, error = address_of(&address, path);

	if (error < 0)
		return error;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: the queue of one that listens is full. EPROTOTYPE: it listens, but not for us. */
	error = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 1
		: errno == ECONNREFUSED                                       ? 0
		: errno == EAGAIN || errno == EPROTOTYPE                      ? 1
									      : -errno;
	close(fd);
	return error;
}

static int make_directory(const char *path)
{
	char directory[128];
	const char *slash = strrchr(path, '/');
	size_t length = (size_t)(slash - path);

	if (length == 0 || length >= sizeof directory)
		return 0;
	memcpy(directory, path, length);
	directory[length] = '\0';
	/* Clients trust the directory's owner to be the board's. */
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* Who may read the board may connect, and connecting asks for the right to write. */
static mode_t socket_mode(mode_t mode)
{
	return 0600 | (mode & 0040 ? 0060u : 0u) | (mode & 0004 ? 0006u : 0u);
}

/* Where a socket is until it is shown: a string in the caller's buffer. */
static const char *beside_of(char beside[128], const char *path)
{
	snprintf(beside, 128, "%s.new", path);
	return beside;
}

static int bind_beside(int fd, const char *beside, mode_t mode, gid_t gid)
{
	struct sockaddr_un address;
	int error = address_of(&address, beside);

	if (error < 0)
		return error;
	(void)unlink(beside);
	mode_t before = umask(0177);
	error = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	umask(before);
	if (error < 0)
		return error;
	if ((gid != (gid_t)-1 && chown(beside, (uid_t)-1, gid) < 0) ||
	    chmod(beside, socket_mode(mode)) < 0 || listen(fd, BACKLOG) < 0) {
		error = -errno;
		(void)unlink(beside);
	}
	return error;
}

int listener_make(struct listener *ret_listener, const char *path, mode_t mode, gid_t gid)
{
	struct listener listener = { .made = true, .path = path };
	struct stat st = { 0 };
	char beside[128];
	int error = make_directory(path);

	if (error == 0)
		error = is_served(path);
	if (error != 0)
		return error > 0 ? -EADDRINUSE : error;
	listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener.fd < 0)
		return -errno;
	error = bind_beside(listener.fd, beside_of(beside, path), mode, gid);
	if (error == 0 && lstat(beside, &st) < 0)
		error = -errno;
	if (error < 0) {
		close(listener.fd);
		return error;
	}
	listener.device = st.st_dev;
	listener.inode = st.st_ino;
	*ret_listener = listener;
	return 0;
}

int listener_show(struct listener *listener)
{
	char beside[128];

	if (!listener->made)
		return 0;
	return rename(beside_of(beside, listener->path), listener->path) < 0 ? -errno : 0;
}

static void remove_ours(const struct listener *listener, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == listener->device && st.st_ino == listener->inode)
		(void)unlink(path);
}

void listener_close(struct listener *listener)
{
	char beside[128];

	if (listener->fd < 0)
		return;
	if (listener->made) {
		remove_ours(listener, listener->path);
		remove_ours(listener, beside_of(beside, listener->path));
	}
	close(listener->fd);
	listener->fd = -1;
}

bool listener_take(struct listener *ret_listener, int fd)
{
	int flags;

	if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
		return false;
	/* Service managers pass sockets that block, and the loop accepts until there is no more. */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return false;
	*ret_listener = (struct listener){ .fd = fd };
	return true;
}
