/* SPDX-License-Identifier: MIT */
#include "tools/documents/spool_submit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readable for the group of the spool, whatever the umask is. */
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

int hand_in_create(int tmp, const char *id)
{
	return make(tmp, id);
}

int hand_in_settle(int fd, int tmp, const struct ticket *ticket)
{
	char json[TRACKD_ID_MAX + sizeof TICKET_SUFFIX];
	int error = settle(fd, 0);

	if (error < 0)
		return error;
	ticket_file(ticket->id, json);
	fd = make(tmp, json);
	return fd < 0 ? fd : settle(fd, ticket_write(fd, ticket));
}

int hand_in_move(int tmp, int new, const char *id)
{
	char json[TRACKD_ID_MAX + sizeof TICKET_SUFFIX];

	ticket_file(id, json);
	if (renameat(tmp, json, new, json) < 0 || fsync(new) < 0)
		return -errno;
	if (renameat(tmp, id, new, id) < 0)
		return -errno;
	/* From here on it is handed in. */
	(void)fsync(new);
	return 0;
}

void hand_in_undo(int tmp, int new, const char *id)
{
	char json[TRACKD_ID_MAX + sizeof TICKET_SUFFIX];

	ticket_file(id, json);
	(void)unlinkat(tmp, id, 0);
	(void)unlinkat(tmp, json, 0);
	(void)unlinkat(new, json, 0);
}
