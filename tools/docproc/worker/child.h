/* SPDX-License-Identifier: MIT */
/*
 * The process that works on one document: forked, locked in, the worker of its task. It parses no
 * foreign format: it reads what an extractor sends, which is started with it and dies with it.
 */
#ifndef DOCPROC_WORKER_CHILD_H
#define DOCPROC_WORKER_CHILD_H

#include "tools/common/exit_code.h"
#include "tools/docproc/worker/pipeline.h"

struct child {
	pid_t pid;
	int fd; /* a pidfd: readable when it has ended */
};

struct child_start {
	const struct config *config;
	const struct zygote *zygote;
	struct trackd *parents; /* connection, which the child closes; it opens one of its own */
	struct trackd_ref ref;
	const struct document *document;
	int keep; /* a lock that must not be free before the child is gone; or -1 */
};

/*
 * Have the document read, and fork the worker that gets its text. The child has the extractor's
 * pipe and keep, and no other descriptor. It dies with the thread that calls this. 0 or -errno.
 */
int child_start(struct child *ret_child, const struct child_start *start);

/* Collect a child that has ended. How: enum exit_code of its own, or EXIT_CODE_WORKER_LOST with a
 * sentence about it. Waits if it has not ended. */
enum exit_code child_end(struct child *child, char *ret_text, size_t size);

/*
 * Be the worker of a task for a moment, and die of it: what is left of one that was taken up by a
 * process which is gone is "worker lost" on the board in the daemon's own way.
 */
void child_lose(const struct config *config, struct trackd_ref ref);

/* What one document may use. */
struct extractor_limits child_limits(const struct config *config);

/* What trackd_open() is to be asked with; strings belong to the configuration. */
struct trackd_options child_options(const struct config *config, unsigned flags);

#endif
