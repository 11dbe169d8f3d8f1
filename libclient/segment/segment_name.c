/* SPDX-License-Identifier: MIT */
/*
 * The names of segments in /dev/shm, where any user may create files: links are not followed, and
 * temporary names are random.
 */
#include "libclient/segment/board_address.h"
#include "libclient/segment/segment.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHM_DIR "/dev/shm"

/* A board's name as a path; false if the name is not valid. */
static bool shm_path(char path[SEGMENT_PATH_MAX], const char *name)
{
	if (!board_name_valid(name))
		return false;
	snprintf(path, SEGMENT_PATH_MAX, SHM_DIR "%s", name);
	return true;
}

void segment_beside(char path[SEGMENT_PATH_MAX], const char *name, const char *suffix)
{
	snprintf(path, SEGMENT_PATH_MAX, SHM_DIR "%.60s:%s", name, suffix);
}

static int link_fd(int fd, const char *path)
{
	char from[64];

	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

int segment_link(const struct board *board, const char *name)
{
	char path[SEGMENT_PATH_MAX];

	return shm_path(path, name) ? link_fd(board->fd, path) : -EINVAL;
}

int segment_replace(const struct board *board, const char *name)
{
	char path[SEGMENT_PATH_MAX], beside[SEGMENT_PATH_MAX], suffix[32];
	uint64_t number;

	if (!shm_path(path, name))
		return -EINVAL;
	/* Random, because any user could create a file with a predictable name in /dev/shm
	 * first. */
	if (getrandom(&number, sizeof number, 0) < 0)
		return -errno;
	snprintf(suffix, sizeof suffix, "new-%016lx", number);
	segment_beside(beside, name, suffix);
	int error = link_fd(board->fd, beside);
	if (error < 0)
		return error;
	if (rename(beside, path) < 0) {
		error = -errno;
		(void)unlink(beside);
	}
	return error;
}

/* -ESTALE: another file has got the name since it was opened. */
static int open_once(const char *path, bool writable, uid_t uid)
{
	struct stat st;

	/* O_NONBLOCK: opening a FIFO that another user created must not block. */
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? TRACKD_E_NOT_OURS
									   : -errno;
	bool known = fstat(fd, &st) == 0;
	if (known && st.st_nlink == 1 && S_ISREG(st.st_mode) && st.st_uid == uid)
		return fd;
	close(fd);
	return known && st.st_nlink == 0 ? -ESTALE : TRACKD_E_NOT_OURS;
}

int segment_open(const char *name, bool writable, uid_t uid)
{
	char path[SEGMENT_PATH_MAX];
	int fd;

	if (!shm_path(path, name))
		return -EINVAL;
	do
		fd = open_once(path, writable, uid);
	while (fd == -ESTALE);
	return fd;
}
