/* SPDX-License-Identifier: MIT */
/* Reads figures of /proc/self/status without allocating memory, since there may be none. Safe in a
 * signal handler. */
#ifndef DOCPROC_PROCESS_MEMORY_H
#define DOCPROC_PROCESS_MEMORY_H

#include <stddef.h>

/* A descriptor for this process's figures, or -errno. A child must open its own. */
int process_memory_open(void);

/* A figure such as "VmPeak:", in bytes; 0 if it is unavailable. */
size_t process_memory(int fd, const char *field);

#endif
