/* SPDX-License-Identifier: MIT */
/*
 * Landlock: restricts which files a process may open, and forbids it to listen, to signal other
 * processes and to reach abstract sockets of others. Landlock cannot yet restrict connecting to a
 * socket by path.
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

/* Begin rules that allow nothing, or with network only to connect by TCP. 0 or -errno; also 0 if
 * the kernel has no Landlock: then the other functions do nothing. */
int landlock_begin(struct landlock *ret_rules, bool network);

/* Allow access to a file, or to everything below a folder. A missing path, NULL or "" is
 * ignored. */
void landlock_allow(struct landlock *rules, const char *path, uint64_t access);

/* Apply the rules to this thread and those that it starts. 0 or -errno. */
int landlock_enforce(struct landlock *rules);

#endif
