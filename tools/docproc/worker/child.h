/* SPDX-License-Identifier: MIT */
/*
 * The process that works on one document: forked, sandboxed, the worker of its task. It parses no
 * foreign format: it reads the output of an extractor, which is started with it and dies with it.
 */
#ifndef DOCPROC_WORKER_CHILD_H
#define DOCPROC_WORKER_CHILD_H

#include "tools/common/exit_code.h"
#include "tools/common/oom_kills.h"
#include "tools/docproc/worker/pipeline.h"

struct child {
	pid_t pid;
	int fd;                    /* a pidfd: readable when it has ended */
	struct oom_mark oom_kills; /* when it was started */
};

struct child_death {
	pid_t pid;
	int status;  /* as of waitpid() */
	bool memory; /* processes of our cgroup have been killed for memory since it was started */
};

struct child_start {
	const struct config *config;
	const struct zygote *zygote;
	struct trackd *parents; /* a connection that the child closes; it opens its own */
	struct trackd_ref ref;
	const struct document *document;
	int keep; /* a lock that must be held until the child is gone; or -1 */
};

/*
 * Start an extractor for the document, and fork the worker that reads its text. The child keeps the
 * extractor's pipe and `keep`, and no other descriptor. It dies with the calling thread. 0 or
 * -errno.
 */
int child_start(struct child *ret_child, const struct child_start *start);

/* Collect a child that has ended, waiting if necessary. Returns its enum exit_code, or
 * EXIT_CODE_WORKER_LOST with a sentence about the reason. */
enum exit_code child_end(struct child *child, struct child_death *ret_death, char *ret_text,
			 size_t size);

/*
 * Become the worker of a task in a short-lived process, so that the daemon reports the worker lost:
 * for a task whose process is gone.
 */
void child_lose(const struct config *config, struct trackd_ref ref);

/* The limits of one document. */
struct extractor_limits child_limits(const struct config *config);

/* Options for trackd_open(); their strings belong to the configuration. */
struct trackd_options child_options(const struct config *config, unsigned flags);

#endif
