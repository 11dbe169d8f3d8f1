/* SPDX-License-Identifier: MIT */
#include "tools/docproc/sandbox/process_memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int process_memory_open(void)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

size_t process_memory(int fd, const char *field)
{
	char text[4096];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *at = strstr(text, field);
	return at ? (size_t)strtoull(at + strlen(field), NULL, 10) << 10 : 0;
}

struct memory_limit memory_limit_of(int fd, unsigned memory_mb)
{
	size_t more = (size_t)memory_mb << 20, mapped = process_memory(fd, "VmSize:");

	if (mapped == 0)
		return (struct memory_limit){ 0 };
	return (struct memory_limit){ mapped + more, more >> 4, process_memory(fd, "VmPeak:") };
}

/* A process that has unmapped much before the limit was set, as a forked child does with its parent's
 * memory, may have a peak above the limit. Then only the present size tells. */
bool memory_limit_near(const struct memory_limit *limit, int fd)
{
	size_t most = process_memory(fd, "VmPeak:");

	if (most <= limit->peak_before)
		most = process_memory(fd, "VmSize:");
	return limit->limit != 0 && most + limit->margin >= limit->limit;
}
