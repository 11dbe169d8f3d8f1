/* SPDX-License-Identifier: MIT */
/* Reads figures of /proc/self/status without allocating memory, since there may be none. Safe in a
 * signal handler. */
#ifndef DOCPROC_PROCESS_MEMORY_H
#define DOCPROC_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor for this process's figures, or -errno. A child must open its own. */
int process_memory_open(void);

/* A figure such as "VmPeak:", in bytes; 0 if it is unavailable. */
size_t process_memory(int fd, const char *field);

/* A limit of the address space above what is mapped when it is set. */
struct memory_limit {
	size_t limit, margin; /* bytes; a limit of 0: none */
	size_t peak_before;   /* the highest size until then says nothing about the limit */
};

/* The limit for so much more, for setrlimit(). limit is 0 if the figures are unavailable. */
struct memory_limit memory_limit_of(int fd, unsigned memory_mb);

/* Whether the process has come close to it, within a sixteenth. */
bool memory_limit_near(const struct memory_limit *limit, int fd);

#endif
