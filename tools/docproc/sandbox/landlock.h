/* SPDX-License-Identifier: MIT */
/*
 * Landlock: which files a process may open, and that it may neither listen, nor signal a process or
 * reach an abstract socket from outside. Connecting to a socket by path is not Landlock's yet.
 */
#ifndef DOCPROC_LANDLOCK_H
#define DOCPROC_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum landlock_access {
	LANDLOCK_WRITE_FILE = 1 << 1,
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_TRUNCATE = 1 << 14, /* ABI 3 */
};

struct landlock {
	int fd; /* -1: the kernel has none */
	int abi;
	uint64_t handled;
	int error; /* of the first rule that could not be added */
};

/* Nothing is allowed yet but, with network, to connect by TCP. 0 or -errno; also 0 where the kernel
 * has no Landlock: then the others do nothing. */
int landlock_begin(struct landlock *ret_rules, bool network);

/* Allow it for a file, or for all below a folder. A path that is not there, NULL or "" needs no
 * rule. */
void landlock_allow(struct landlock *rules, const char *path, uint64_t access);

/* From now on, for this thread and those that it starts. 0 or -errno. */
int landlock_enforce(struct landlock *rules);

#endif
