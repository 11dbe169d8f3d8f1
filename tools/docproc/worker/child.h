/* SPDX-License-Identifier: MIT */
/*
 * The process that works on one document: forked, locked in, the worker of its task. A parser that
 * crashes takes down only itself.
 */
#ifndef DOCPROC_WORKER_CHILD_H
#define DOCPROC_WORKER_CHILD_H

#include "tools/common/exit_code.h"
#include "tools/docproc/worker/pipeline.h"

struct child {
	pid_t pid;
	int fd; /* a pidfd: readable when it has ended */
};

/*
 * Fork. In the child parent's connection is closed and one of its own opened; the document's
 * descriptor is used, keep (a lock that must not be free before we are gone; or -1) stays open, all
 * others are closed. The child dies with the thread that calls this.
 * 0 or -errno.
 */
int child_start(struct child *ret_child, const struct config *config, struct trackd *parents,
		struct trackd_ref ref, const struct document *document, int keep);

/* Collect a child that has ended. How: enum exit_code of its own, or EXIT_CODE_WORKER_LOST with a
 * sentence about it. Waits if it has not ended. */
enum exit_code child_end(struct child *child, char *ret_text, size_t size);

/*
 * Be the worker of a task for a moment, and die of it: what is left of one that was taken up by a
 * process which is gone is "worker lost" on the board in the daemon's own way.
 */
void child_lose(const struct config *config, struct trackd_ref ref);

/* What trackd_open() is to be asked with; strings belong to the configuration. */
struct trackd_options child_options(const struct config *config, unsigned flags);

#endif
