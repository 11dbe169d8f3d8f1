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
