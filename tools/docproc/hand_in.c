/* SPDX-License-Identifier: MIT */
/* Handing a document in to a spool. */
#include "spool.h"
#include "standing.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_AT_ONCE = 1 << 16 };

static int copy_bytes(int from, int to, int64_t *ret_size)
{
	static char buffer[COPY_AT_ONCE];
	int64_t size = 0;
	ssize_t n;

	while ((n = read(from, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(to, buffer + done, (size_t)(n - done));

			if (written < 0 && errno != EINTR)
				return -errno;
			done += written > 0 ? written : 0;
		}
		size += n;
	}
	*ret_size = size;
	return 0;
}

/* A new file in tmp/, readable for the group of the spool. */
static int make(const struct spool *spool, const char *name)
{
	int fd = openat(spool->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0640);

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

static int write_both(const struct spool *spool, int fd, struct ticket *ticket, const char *json)
{
	int to = make(spool, ticket->id);

	/* Somebody else's, not to be undone. */
	if (to < 0)
		return to == -EEXIST ? -EALREADY : to;
	int error = settle(to, copy_bytes(fd, to, &ticket->size));
	if (error < 0)
		return error;
	to = make(spool, json);
	return to < 0 ? to : settle(to, ticket_write(to, ticket));
}

static int move_both(const struct spool *spool, const struct ticket *ticket, const char *json)
{
	if (renameat(spool->tmp, json, spool->new, json) < 0 || fsync(spool->new) < 0)
		return -errno;
	if (renameat(spool->tmp, ticket->id, spool->new, ticket->id) < 0)
		return -errno;
	/* From here on it is handed in, whatever becomes of us. */
	(void)fsync(spool->new);
	return 0;
}

static void undo(const struct spool *spool, const struct ticket *ticket, const char *json)
{
	spool_remove(spool->tmp, ticket->id);
	(void)unlinkat(spool->new, json, 0);
}

int spool_hand_in(struct spool *spool, struct trackd *trackd, int fd, struct ticket *ticket,
		  int *ret_error, struct failure *failure)
{
	char json[TRACKD_ID_MAX + sizeof TICKET_SUFFIX];
	struct trackd_ref ref;

	*ret_error = 0;
	snprintf(json, sizeof json, "%s" TICKET_SUFFIX, ticket->id);
	int error = write_both(spool, fd, ticket, json);
	if (error == -EALREADY)
		return failure_set(failure, "A document %s is being handed in", ticket->id);
	if (error < 0)
		goto undo;
	error = standing_begin(trackd, ticket, &ref);
	if (error < 0) {
		*ret_error = error;
		failure_set(failure, "%s: %s", ticket->id, trackd_strerror(error));
		spool_remove(spool->tmp, ticket->id);
		return FAILED;
	}
	error = move_both(spool, ticket, json);
	if (error == 0)
		return 0;
	(void)trackd_fail(trackd, ref, "The document could not be handed in");
undo:
	undo(spool, ticket, json);
	return failure_set(failure, "%s cannot be written to the spool: %s", ticket->id,
			   strerror(-error));
}
