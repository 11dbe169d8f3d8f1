/* SPDX-License-Identifier: MIT */
/* Submitting a document to a spool. */
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

static int write_both(const struct spool *spool, int fd, struct spool_entry *entry)
{
	int to = spool_submit_create(spool->tmp, entry->id);

	/* The files are another submitter's: leave them. */
	if (to < 0)
		return to == -EEXIST ? -EALREADY : to;
	int error = copy_bytes(fd, to, &entry->size);
	if (error == 0)
		return spool_submit_settle(to, spool->tmp, entry);
	close(to);
	return error;
}

int spool_submit_file(struct spool *spool, struct trackd *trackd, int fd, struct spool_entry *entry,
		      int *ret_error, struct failure *failure)
{
	struct trackd_ref ref;

	*ret_error = 0;
	int error = write_both(spool, fd, entry);
	if (error == -EALREADY)
		return failure_set(failure, "A document %s is already being submitted", entry->id);
	if (error < 0)
		goto undo;
	error = task_status_begin(trackd, entry, &ref);
	if (error < 0) {
		*ret_error = error;
		failure_set(failure, "%s: %s", entry->id, trackd_strerror(error));
		spool_remove(spool->tmp, entry->id);
		return FAILED;
	}
	error = spool_submit_move(spool->tmp, spool->new, entry->id);
	if (error == 0)
		return 0;
	(void)trackd_fail(trackd, ref, "The document could not be submitted");
undo:
	spool_submit_undo(spool->tmp, spool->new, entry->id);
	return failure_set(failure, "%s cannot be written to the spool: %s", entry->id,
			   strerror(-error));
}
