/* SPDX-License-Identifier: MIT */
/* Names are examined with fstatat() and opened with O_NOFOLLOW, relative to descriptors of the
 * folders: so nothing in the spool can lead outside it. */
#include "tools/documents/spool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SPOOL_MODE = 02770, LOCK_TRIES = 200, LOCK_PAUSE_MS = 10 };

/* ---- Opening ------------------------------------------------------------- */

/* The mode must not depend on the umask, because submitters are other users of the group. Below a
 * setgid folder the bit is inherited, and a sandboxed service may not set it. */
static int make_folder(int at, const char *name)
{
	mode_t before = umask(0);
	struct stat st;
	int error = mkdirat(at, name, SPOOL_MODE & 0777) < 0 && errno != EEXIST ? -errno : 0;

	(void)umask(before);
	if (error == 0 && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		error = -errno;
	if (error == 0 && !(st.st_mode & S_ISGID) && fchmodat(at, name, SPOOL_MODE, 0) < 0)
		error = -errno;
	return error;
}

static int open_folder(int at, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == ENOENT) {
		int error = make_folder(at, name);

		if (error < 0)
			return error;
		fd = openat(at, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

int spool_open(struct spool *ret_spool, const char *path, struct failure *failure)
{
	struct spool spool = { -1, -1, -1, -1, -1, "" };
	const struct {
		int *fd;
		const char *name;
	} folders[] = { { &spool.tmp, "tmp" }, { &spool.new, "new" }, { &spool.work, "work" } };

	snprintf(spool.path, sizeof spool.path, "%s", path);
	int error = spool.top = open_folder(AT_FDCWD, path);
	for (size_t i = 0; error >= 0 && i < sizeof folders / sizeof folders[0]; i++)
		error = *folders[i].fd = open_folder(spool.top, folders[i].name);
	if (error >= 0) {
		*ret_spool = spool;
		return 0;
	}
	spool_close(&spool);
	failure_set(failure, "The spool %s cannot be opened: %s", path, strerror(-error));
	return failure_advise(failure,
			      "create its parent folder, or join the group that may use it "
			      "(usermod -aG trackd USER)");
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void spool_close(struct spool *spool)
{
	close_fd(&spool->lock);
	close_fd(&spool->work);
	close_fd(&spool->new);
	close_fd(&spool->tmp);
	close_fd(&spool->top);
}

static int take_lock(int fd)
{
	const struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -EWOULDBLOCK;
}

int spool_lock(struct spool *spool, struct failure *failure)
{
	/* Mode 0600, because every user who can open the file could hold a lock on it. */
	int fd = openat(spool->top, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : take_lock(fd);

	if (error == 0) {
		spool->lock = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	if (error == -EWOULDBLOCK) {
		failure_set(failure, "Another docproc serves %s", spool->path);
		return failure_advise(
			failure,
			"only one may serve it; systemctl stop docproc stops the system's");
	}
	return failure_set(failure, "%s/lock: %s", spool->path, strerror(-error));
}

/* ---- Reading folders ----------------------------------------------------- */

void spool_walk(int folder, void (*take)(void *user, const char *name), void *user)
{
	/* Open the folder again, for an independent read position. */
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			take(user, entry->d_name);
	closedir(stream);
}

/* The id in a ticket's name; false if the name is not a ticket's. */
static bool id_of_entry(const char *name, char ret_id[TRACKD_ID_MAX + 1])
{
	size_t length = strlen(name) - strlen(SPOOL_ENTRY_SUFFIX);

	if (!spool_entry_is_file(name) || length > TRACKD_ID_MAX)
		return false;
	memcpy(ret_id, name, length);
	ret_id[length] = '\0';
	return spool_entry_id_valid(ret_id);
}

static bool exists(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- Taking up ----------------------------------------------------------- */

static int open_document(int folder, const struct spool_entry *entry, struct failure *failure)
{
	struct stat st;
	int fd = openat(folder, entry->id,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		failure_set(failure, "The document cannot be read");
		return failure_advise(failure, "%s: %s", entry->id, strerror(errno));
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (entry->size < 0 || entry->size == st.st_size))
		return fd;
	close(fd);
	failure_set(failure, "The document is incomplete");
	return failure_advise(failure, "%s is not a regular file of %lld bytes", entry->id,
			      (long long)entry->size);
}

int spool_take(struct spool *spool, const struct spool_entry *entry, struct failure *failure)
{
	char json[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];

	spool_entry_file(entry->id, json);
	if (!exists(spool->new, entry->id))
		return -ENOENT;
	if (renameat(spool->new, json, spool->work, json) < 0 ||
	    renameat(spool->new, entry->id, spool->work, entry->id) < 0) {
		failure_set(failure, "The document cannot be read");
		return failure_advise(failure, "%s to work/: %s", entry->id, strerror(errno));
	}
	return open_document(spool->work, entry, failure);
}

/* ---- Removing ------------------------------------------------------------ */

void spool_remove(int folder, const char *id)
{
	char json[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];

	if (folder < 0)
		return;
	spool_entry_file(id, json);
	(void)unlinkat(folder, id, 0);
	(void)unlinkat(folder, json, 0);
}

static int set_aside(struct spool *spool, int folder, const char *name)
{
	struct timespec now = { 0 };
	char place[64];
	int refused = open_folder(spool->top, "refused");

	if (refused < 0)
		return refused;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	snprintf(place, sizeof place, "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	int error = renameat(folder, name, refused, place) < 0 ? -errno : 0;
	close(refused);
	return error;
}

int spool_discard(struct spool *spool, int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(folder, name, 0) < 0 ? -errno : 0;
	if (unlinkat(folder, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? set_aside(spool, folder, name) : -errno;
}

/* ---- Cleaning up --------------------------------------------------------- */

struct sweep {
	struct spool *spool;
	unsigned age_s;
	void (*dropped)(void *user, const char *id);
	void *user;
};

/* Both times must be old: a copied file may keep the time of the original. */
static bool is_stale(int folder, const char *name, unsigned age_s)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - (st.st_mtime > st.st_ctime ? st.st_mtime : st.st_ctime) >=
		       (time_t)age_s;
}

static void sweep_tmp(void *user, const char *name)
{
	struct sweep *sweep = user;

	if (!is_stale(sweep->spool->tmp, name, sweep->age_s))
		return;
	(void)spool_discard(sweep->spool, sweep->spool->tmp, name);
	if (spool_entry_id_valid(name))
		sweep->dropped(sweep->user, name);
}

static void sweep_new(void *user, const char *name)
{
	struct sweep *sweep = user;
	char id[TRACKD_ID_MAX + 1];

	if (!id_of_entry(name, id) || exists(sweep->spool->new, id) ||
	    !is_stale(sweep->spool->new, name, sweep->age_s))
		return;
	(void)spool_discard(sweep->spool, sweep->spool->new, name);
	sweep->dropped(sweep->user, id);
}

void spool_sweep(struct spool *spool, unsigned age_s, void (*dropped)(void *user, const char *id),
		 void *user)
{
	struct sweep sweep = { spool, age_s, dropped, user };

	spool_walk(spool->tmp, sweep_tmp, &sweep);
	spool_walk(spool->new, sweep_new, &sweep);
}

static void mend_entry(void *user, const char *name)
{
	struct spool *spool = user;
	char id[TRACKD_ID_MAX + 1];

	if (!id_of_entry(name, id) || exists(spool->work, id))
		return;
	if (exists(spool->new, id) && !exists(spool->new, name))
		(void)renameat(spool->work, name, spool->new, name);
	else
		(void)unlinkat(spool->work, name, 0);
}

void spool_mend(struct spool *spool)
{
	spool_walk(spool->work, mend_entry, spool);
}
