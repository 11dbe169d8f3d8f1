/* SPDX-License-Identifier: MIT */
/* Creating a socket so that clients never find one that does not listen yet, and so that another
 * daemon's live socket is never replaced. */
#include "daemon/socket/listener.h"
#include "daemon/config/config.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { BACKLOG = 1024, BESIDE_TRIES = 64 };

static int address_of(struct sockaddr_un *address, const char *path)
{
	size_t length = strlen(path);

	if (length >= sizeof address->sun_path)
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

/* Whether a process listens at path: 1; 0 (nothing or a dead socket); -EEXIST (not a socket). */
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
	/* EAGAIN: a listener's queue is full. EPROTOTYPE: a listener with another socket type. */
	error = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 1
		: errno == ECONNREFUSED                                       ? 0
		: errno == EAGAIN || errno == EPROTOTYPE                      ? 1
									      : -errno;
	close(fd);
	return error;
}

/* ---- The directory --------------------------------------------------------- */

/* The directory of a path; false if it is the root or the path has none. */
static bool directory_of(char directory[LISTENER_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length == 0 || length >= LISTENER_PATH_MAX)
		return false;
	memcpy(directory, path, length);
	directory[length] = '\0';
	return true;
}

static int make_directory(struct listener *listener)
{
	char directory[LISTENER_PATH_MAX];

	if (!directory_of(directory, listener->path))
		return 0;
	/* Clients expect the directory's owner to own the board. */
	listener->made_directory = mkdir(directory, 0755) == 0;
	return listener->made_directory || errno == EEXIST ? 0 : -errno;
}

/* Whether a file can be created in a directory. */
static int check_writable(const char *directory)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int listener_check(const char *path)
{
	char directory[LISTENER_PATH_MAX], above[LISTENER_PATH_MAX];
	struct stat st;
	int error;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (!directory_of(directory, path))
		return check_writable("/");
	error = check_writable(directory);
	/* listener_make() creates a missing last component, but not in place of a dangling link. */
	if (error == -ENOENT && lstat(directory, &st) < 0)
		error = check_writable(directory_of(above, directory) ? above : "/");
	return error;
}

const char *listener_advice(int error)
{
	switch (error) {
	case -ENOENT:
		return "make its directory, or ";
	case -EEXIST:
		return "remove what is there, or ";
	case -EACCES:
	case -EPERM:
		return "run as a user who may write into its directory, or ";
	default:
		return "";
	}
}

static void remove_directory(const struct listener *listener)
{
	char directory[LISTENER_PATH_MAX];

	if (listener->made_directory && directory_of(directory, listener->path))
		(void)rmdir(directory);
}

/* ---- The temporary name ------------------------------------------------------ */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* Choose a name that cannot be guessed, PATH~abc, because other users may be able to create files
 * in the directory. */
static int choose_beside(struct listener *listener)
{
	uint8_t random[CONFIG_SOCKET_SUFFIX - 1];
	size_t length = strlen(listener->path);

	if (length + CONFIG_SOCKET_SUFFIX >= sizeof listener->beside)
		return -ENAMETOOLONG;
	if (getrandom(random, sizeof random, 0) < 0)
		return -errno;
	memcpy(listener->beside, listener->path, length);
	listener->beside[length++] = '~';
	for (size_t i = 0; i < sizeof random; i++)
		listener->beside[length++] = letters[random[i] % 64];
	listener->beside[length] = '\0';
	return 0;
}

/* Whether a file's name is a temporary name for NAME. */
static bool is_beside(const char *file, const char *name)
{
	size_t length = strlen(name);

	return strlen(file) == length + CONFIG_SOCKET_SUFFIX && memcmp(file, name, length) == 0 &&
	       file[length] == '~' &&
	       strspn(file + length + 1, letters) == CONFIG_SOCKET_SUFFIX - 1;
}

/* Remove this user's sockets with temporary names, left by a daemon that was killed during its
 * start. */
static void remove_unfinished(const char *path)
{
	char directory[LISTENER_PATH_MAX], dead[LISTENER_PATH_MAX + 256];
	const struct dirent *entry;
	struct stat st;
	DIR *dir = directory_of(directory, path) ? opendir(directory) : NULL;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (!is_beside(entry->d_name, strrchr(path, '/') + 1))
			continue;
		snprintf(dead, sizeof dead, "%s/%s", directory, entry->d_name);
		if (lstat(dead, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid() &&
		    is_served(dead) == 0)
			(void)unlink(dead);
	}
	if (dir)
		closedir(dir);
}

/* Users who may read the board may connect, which requires write permission on the socket. */
static mode_t socket_mode(mode_t mode)
{
	return 0600 | (mode & 0040 ? 0060u : 0u) | (mode & 0004 ? 0006u : 0u);
}

/* Bind to a free temporary name. */
static int bind_beside(struct listener *listener)
{
	struct sockaddr_un address;
	int error = -EADDRINUSE;

	mode_t before = umask(0177);
	for (int tries = 0; error == -EADDRINUSE && tries < BESIDE_TRIES; tries++) {
		error = choose_beside(listener);
		if (error == 0)
			error = address_of(&address, listener->beside);
		if (error == 0 &&
		    bind(listener->fd, (struct sockaddr *)&address, sizeof address) < 0)
			error = -errno;
	}
	umask(before);
	return error == -EADDRINUSE ? -EEXIST : error;
}

/* Set the owner and mode, and get the inode. No link is followed: another user may have taken the
 * name. */
static int finish_beside(struct listener *listener, mode_t mode, gid_t gid)
{
	struct stat st;

	if ((gid != (gid_t)-1 && lchown(listener->beside, (uid_t)-1, gid) < 0) ||
	    fchmodat(AT_FDCWD, listener->beside, socket_mode(mode), AT_SYMLINK_NOFOLLOW) < 0 ||
	    listen(listener->fd, BACKLOG) < 0 || lstat(listener->beside, &st) < 0)
		return -errno;
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
	return 0;
}

/* ---- Creating, showing, removing --------------------------------------------- */

static int make_beside(struct listener *listener, mode_t mode, gid_t gid)
{
	int error;

	listener->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	remove_unfinished(listener->path);
	error = bind_beside(listener);
	if (error == 0) {
		error = finish_beside(listener, mode, gid);
		if (error < 0)
			(void)unlink(listener->beside);
	}
	if (error < 0)
		close(listener->fd);
	return error;
}

int listener_make(struct listener *ret_listener, const char *path, mode_t mode, gid_t gid)
{
	struct listener listener = { .fd = -1, .made = true, .path = path };
	int error = make_directory(&listener);

	if (error == 0)
		error = is_served(path);
	if (error == 0)
		error = make_beside(&listener, mode, gid);
	if (error != 0) {
		remove_directory(&listener);
		return error > 0 ? -EADDRINUSE : error;
	}
	*ret_listener = listener;
	return 0;
}

int listener_show(struct listener *listener)
{
	if (!listener->made)
		return 0;
	if (rename(listener->beside, listener->path) < 0)
		return -errno;
	listener->shown = true;
	return 0;
}

void listener_close(struct listener *listener, bool failed)
{
	const char *path = listener->shown ? listener->path : listener->beside;
	struct stat st;

	if (listener->fd < 0)
		return;
	if (listener->made && lstat(path, &st) == 0 && st.st_dev == listener->device &&
	    st.st_ino == listener->inode)
		(void)unlink(path);
	if (failed)
		remove_directory(listener);
	close(listener->fd);
	listener->fd = -1;
}

bool listener_take(struct listener *ret_listener, int fd)
{
	int flags;

	if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
		return false;
	/* Service managers pass blocking sockets, but the loop accepts until EAGAIN. */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return false;
	*ret_listener = (struct listener){ .fd = fd };
	return true;
}
