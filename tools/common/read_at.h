/* SPDX-License-Identifier: MIT */
#ifndef COMMON_READ_AT_H
#define COMMON_READ_AT_H

#include <stdint.h>
#include <sys/types.h>

/* Read n bytes at that offset of a file: how many there were, fewer only where the file ends; or
 * -errno. */
ssize_t read_at(int fd, void *to, size_t n, uint64_t offset);

#endif
