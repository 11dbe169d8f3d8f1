/* SPDX-License-Identifier: MIT */
/*
 * The daemon's lock. The lock belongs to the open file description, so every process with a copy of
 * the descriptor holds it. The file contains the daemon's pid and, on a second line, the socket
 * that it created last.
 */
#include "daemon/board/board_lock.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHM_DIR "/dev/shm"

static void lock_path(char path[SEGMENT_PATH_MAX], const char *board)
{
	segment_beside(path, board, "lock");
}

/* ---- The text ------------------------------------------------------------ */

struct note {
	int pid;
	unsigned long device, inode;
	char socket[108]; /* "": none */
};

static void note_read(int fd, struct note *ret_note)
{
	char text[256] = "", *at = text;

	*ret_note = (struct note){ 0 };
	if (pread(fd, text, sizeof text - 1, 0) <= 0)
		return;
	ret_note->pid = (int)strtol(at, &at, 10);
	ret_note->device = strtoul(at, &at, 10);
	ret_note->inode = strtoul(at, &at, 10);
	at += *at == ' ';
	at[strcspn(at, "\n")] = '\0';
	if (at[0] == '/' && strlen(at) < sizeof ret_note->socket)
		memcpy(ret_note->socket, at, strlen(at) + 1);
}

static void log_line(int fd, const struct note *note)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%d\n", note->pid);

	if (note->socket[0] != '\0')
		n += snprintf(text + n, sizeof text - (size_t)n, "%lu %lu %s\n", note->device,
			      note->inode, note->socket);
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
}

void board_lock_note(const struct board_lock *lock, const char *socket, dev_t device, ino_t inode)
{
	struct note note = { .pid = getpid(), .device = device, .inode = inode };

	snprintf(note.socket, sizeof note.socket, "%s", socket);
	log_line(lock->fd, &note);
}

/* ---- Taking --------------------------------------------------------------- */

/* Whether the name still leads to the locked file, which may have been removed meanwhile. */
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

/* An empty file has no owner: a daemon writes its pid as soon as it has the lock. */
static bool is_empty(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == 0;
}

/* 0; -EAGAIN with the holder's pid; -errno, after removing a file that was just created. */
static int lock_fd(int fd, const char *path, pid_t *ret_pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct note note;

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	int error = errno == EACCES ? -EAGAIN : -errno;
	if (error != -EAGAIN && is_empty(fd))
		(void)unlink(path);
	note_read(fd, &note);
	*ret_pid = note.pid;
	return error;
}

/* Returns a descriptor that holds the lock, or an error as board_lock_take(). */
static int lock_file(const char *path, pid_t *ret_pid)
{
	for (;;) {
		int fd = open_lock(path);
		if (fd < 0)
			return fd;
		int error = lock_fd(fd, path, ret_pid);
		if (error == 0 && is_named(fd, path))
			return fd;
		close(fd);
		if (error < 0)
			return error;
	}
}

/* Remove boards that never got their name because a daemon was killed in segment_replace(). */
static void remove_unfinished(const char *board)
{
	char prefix[SEGMENT_PATH_MAX];
	const struct dirent *entry;
	struct stat st;
	DIR *dir = opendir(SHM_DIR);

	if (!dir)
		return;
	segment_beside(prefix, board, "new-");
	const char *name = prefix + sizeof SHM_DIR;
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, name, strlen(name)) == 0 &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_uid == geteuid())
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

int board_lock_take(struct board_lock *ret_lock, const char *board, pid_t *ret_pid)
{
	char path[SEGMENT_PATH_MAX];
	struct note note;

	lock_path(path, board);
	int fd = lock_file(path, ret_pid);
	if (fd < 0)
		return fd;
	*ret_lock = (struct board_lock){ .fd = fd, .made = is_empty(fd) };
	note_read(fd, &note);
	note.pid = getpid();
	log_line(fd, &note);
	remove_unfinished(board);
	return 0;
}

int board_lock_renew(struct board_lock *lock, const char *board, pid_t *ret_pid)
{
	char path[SEGMENT_PATH_MAX];
	struct note note;

	lock_path(path, board);
	if (is_named(lock->fd, path))
		return 0;
	note_read(lock->fd, &note);
	int fd = lock_file(path, ret_pid);
	if (fd < 0)
		return fd;
	log_line(fd, &note);
	close(lock->fd);
	lock->fd = fd;
	return 0;
}

/* ---- Releasing ------------------------------------------------------------- */

void board_lock_drop(struct board_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

void board_lock_give_up(struct board_lock *lock, const char *board)
{
	char path[SEGMENT_PATH_MAX];

	lock_path(path, board);
	if (lock->made)
		(void)unlink(path);
	board_lock_drop(lock);
}

void board_lock_remove(struct board_lock *lock, const char *board)
{
	char path[SEGMENT_PATH_MAX];
	struct note note;
	struct stat st;

	note_read(lock->fd, &note);
	if (note.socket[0] != '\0' && lstat(note.socket, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == note.device && st.st_ino == note.inode)
		(void)unlink(note.socket);
	lock_path(path, board);
	(void)unlink(path);
	board_lock_drop(lock);
}
