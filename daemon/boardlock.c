/* SPDX-License-Identifier: MIT */
/* The daemon's lock. It belongs to the open file, so it is kept by whoever has the descriptor. */
#include "boardlock.h"
#include "trackd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void lock_path(char *path, size_t size, const char *board)
{
	snprintf(path, size, "/dev/shm%s.lock", board);
}

static pid_t read_pid(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* Whether the name still leads to the file that was locked: it may have been removed meanwhile. */
static bool is_named(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int open_lock(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? TRACKD_E_NOT_OURS
									   : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_nlink > 1) {
		close(fd);
		return TRACKD_E_NOT_OURS;
	}
	return fd;
}

int boardlock_take(const char *board, pid_t *ret_pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[128];
	int fd, error;

	lock_path(path, sizeof path, board);
	for (;;) {
		fd = open_lock(path);
		if (fd < 0)
			return fd;
		if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
			error = errno == EACCES ? -EAGAIN : -errno;
			*ret_pid = read_pid(fd);
			close(fd);
			return error;
		}
		if (is_named(fd, path))
			break;
		close(fd);
	}
	/* Only for the message of a daemon that finds it locked. */
	if (ftruncate(fd, 0) == 0)
		(void)!dprintf(fd, "%d\n", getpid());
	return fd;
}

void boardlock_remove(const char *board, int fd)
{
	char path[128];

	lock_path(path, sizeof path, board);
	(void)unlink(path);
	close(fd);
}
