/* SPDX-License-Identifier: MIT */
/*
 * What a process may still do that reads a stranger's document with libraries that were not written
 * for it: compute, read its one file, write to the store and to the board.
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

/* Each returns 0 or -errno; then the process must not go on. */
int sandbox_limits(const struct sandbox *sandbox);
int sandbox_calls(const struct sandbox *sandbox);

/* Also 0 where the kernel has no Landlock; *ret_abi is then 0, and otherwise what it has. */
int sandbox_files(const struct sandbox *sandbox, int *ret_abi);

#endif
