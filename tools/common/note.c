/* SPDX-License-Identifier: MIT */
/* One write a line, so that lines of several processes do not mix. Names are anybody's bytes: they
 * are made printable. */
#include "tools/common/note.h"
#include "tools/common/printable.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name = "trackd";
static bool to_journal, to_terminal;

void note_begin(const char *program)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	name = program;
	to_terminal = isatty(STDERR_FILENO) == 1;
	/* systemd.exec(5): device and inode of the stream that it connected us to. */
	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return;
	snprintf(own, sizeof own, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	to_journal = strcmp(stream, own) == 0;
}

void note_write(int priority, const char *format, ...)
{
	char text[1536], line[PRINTABLE_ROOM(sizeof text) + 64];
	va_list arguments;
	/* A terminal may show a line of progress, which is drawn again. */
	int n = to_journal ? snprintf(line, sizeof line, "<%d>", priority)
			   : snprintf(line, sizeof line, "%s%.40s: ", to_terminal ? "\r\033[K" : "",
				      name);

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	size_t length = (size_t)n + printable_line(line + n, sizeof line - (size_t)n - 1, text);
	line[length++] = '\n';
	(void)!write(STDERR_FILENO, line, length);
}
