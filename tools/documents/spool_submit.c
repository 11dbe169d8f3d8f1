/* SPDX-License-Identifier: MIT */
#include "tools/documents/spool_submit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readable for the spool's group, whatever the umask is. */
static int make(int tmp, const char *name)
{
	int fd = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	(void)fchmod(fd, 0640);
	return fd;
}

static int settle(int fd, int error)
{
	if (error == 0 && fsync(fd) < 0)
		error = -errno;
	if (close(fd) < 0 && error == 0)
		error = -errno;
	return error;
}

int spool_submit_create(int tmp, const char *id)
{
	return make(tmp, id);
}

int spool_submit_settle(int fd, int tmp, const struct spool_entry *entry)
{
	char json[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];
	int error = settle(fd, 0);

	if (error < 0)
		return error;
	spool_entry_file(entry->id, json);
	fd = make(tmp, json);
	return fd < 0 ? fd : settle(fd, spool_entry_write(fd, entry));
}

int spool_submit_move(int tmp, int new, const char *id)
{
	char json[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];

	spool_entry_file(id, json);
	if (renameat(tmp, json, new, json) < 0 || fsync(new) < 0)
		return -errno;
	if (renameat(tmp, id, new, id) < 0)
		return -errno;
	/* From here on the document is submitted. */
	(void)fsync(new);
	return 0;
}

void spool_submit_undo(int tmp, int new, const char *id)
{
	char json[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX];

	spool_entry_file(id, json);
	(void)unlinkat(tmp, id, 0);
	(void)unlinkat(tmp, json, 0);
	(void)unlinkat(new, json, 0);
}
