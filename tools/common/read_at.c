/* SPDX-License-Identifier: MIT */
#include "tools/common/read_at.h"
#include <errno.h>
#include <unistd.h>

ssize_t read_at(int fd, void *to, size_t n, uint64_t offset)
{
	size_t got = 0;

	while (got < n) {
		ssize_t part = pread(fd, (char *)to + got, n - got, (off_t)(offset + got));

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -errno;
		if (part == 0)
			break;
		got += (size_t)part;
	}
	return (ssize_t)got;
}
