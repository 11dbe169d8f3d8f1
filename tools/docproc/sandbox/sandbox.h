/* SPDX-License-Identifier: MIT */
/*
 * What the worker may still do: compute, read what the extractor sends, write to the store and to
 * the board. It parses no foreign format, but it handles text of strangers; the extractor, which
 * parses, has walls of its own: extractor_sandbox.h.
 *
 * Three walls, each for the case that another one has a hole: resource limits, Landlock (files, TCP,
 * signals, abstract sockets) and seccomp (system calls). They are raised in this order, and the
 * keeper's thread is started between the last two: Landlock binds only the calling thread and those
 * that it starts later, and seccomp forbids to set limits.
 */
#ifndef DOCPROC_SANDBOX_SANDBOX_H
#define DOCPROC_SANDBOX_SANDBOX_H

#include <stdbool.h>

struct sandbox {
	const char
		*store; /* its file; with its side files all of the disk that may be written to */
	const char *keys[2]; /* files that may be read as well; NULL or "" for none */
	bool network;        /* TCP and UDP, and what looking up names needs */
};

/* Before a fork, to spare each worker the time that sandbox_calls() needs most of. 0 or -errno. */
int sandbox_prepare(bool network);

/* Each returns 0 or -errno; then the process must not go on. */
int sandbox_limits(const struct sandbox *sandbox);
int sandbox_calls(const struct sandbox *sandbox);

/* Also 0 where the kernel has no Landlock; *ret_abi is then 0, and otherwise what it has. */
int sandbox_files(const struct sandbox *sandbox, int *ret_abi);

#endif
