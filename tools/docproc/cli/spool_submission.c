/* SPDX-License-Identifier: MIT */
/* Handing a document in to a spool. */
#include "tools/docproc/server/task_status.h"
#include "tools/documents/spool.h"
#include "tools/documents/spool_submit.h"
#include <errno.h>
#include <string.h>
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

static int write_both(const struct spool *spool, int fd, struct ticket *ticket)
{
	int to = hand_in_create(spool->tmp, ticket->id);

	/* Somebody else's, not to be undone. */
	if (to < 0)
		return to == -EEXIST ? -EALREADY : to;
	int error = copy_bytes(fd, to, &ticket->size);
	if (error == 0)
		return hand_in_settle(to, spool->tmp, ticket);
	close(to);
	return error;
}

int spool_hand_in(struct spool *spool, struct trackd *trackd, int fd, struct ticket *ticket,
		  int *ret_error, struct failure *failure)
{
	struct trackd_ref ref;

	*ret_error = 0;
	int error = write_both(spool, fd, ticket);
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
	error = hand_in_move(spool->tmp, spool->new, ticket->id);
	if (error == 0)
		return 0;
	(void)trackd_fail(trackd, ref, "The document could not be handed in");
undo:
	hand_in_undo(spool->tmp, spool->new, ticket->id);
	return failure_set(failure, "%s cannot be written to the spool: %s", ticket->id,
			   strerror(-error));
}
