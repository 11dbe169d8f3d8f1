/* SPDX-License-Identifier: MIT */
/* One write a line, so that lines of two threads or processes do not mix. */
#include "log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool to_journal;

void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	/* systemd.exec(5): device and inode of the stream that it connected us to. */
	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return;
	snprintf(own, sizeof own, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	to_journal = strcmp(stream, own) == 0;
}

bool log_to_journal(void)
{
	return to_journal;
}

void log_line(int priority, const char *format, ...)
{
	char line[1024];
	va_list arguments;
	int n, length;

	n = to_journal ? snprintf(line, sizeof line, "<%d>", priority)
		       : snprintf(line, sizeof line, "trackd: ");
	va_start(arguments, format);
	length = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	n += length;
	if ((size_t)n > sizeof line - 2)
		n = sizeof line - 2;
	/* What comes from a record may hold any bytes; a terminal should not act on them. */
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)n);
}
