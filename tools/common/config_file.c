/* SPDX-License-Identifier: MIT */
#include "tools/common/config_file.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* line: begins at "[". */
static int read_section(const struct config_lines *lines, const char *where, char *line,
			struct fault *fault)
{
	size_t length = strlen(line);

	if (!lines->section)
		return fault_set(fault, "%.300s: sections are not supported here", where);
	if (length < 2 || line[length - 1] != ']')
		return fault_set(fault, "%.300s: a section must end with ]", where);
	line[length - 1] = '\0';
	return lines->section(lines->user, where, trim(line + 1), fault);
}

static int read_line(const struct config_lines *lines, const char *where, char *line,
		     struct fault *fault)
{
	char *equals;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[')
		return read_section(lines, where, line, fault);
	equals = strchr(line, '=');
	if (!equals && lines->word)
		return lines->word(lines->user, where, line, fault);
	if (!equals)
		return fault_set(fault, "%.300s: \"%.64s\": a line must be KEY = VALUE", where,
				 line);
	*equals = '\0';
	return lines->key(lines->user, where, trim(line), trim(equals + 1), fault);
}

int config_file_read(const char *path, const struct config_lines *lines, struct fault *fault)
{
	char where[PATH_MAX + 16], *line = NULL;
	size_t size = 0;
	int error = 0;
	FILE *file = fopen(path, "re");

	if (!file) {
		error = -errno;
		(void)fault_set(fault, "%.400s: %s", path, strerror(-error));
		return error;
	}
	for (unsigned n = 1; error == 0 && getline(&line, &size, file) >= 0; n++) {
		snprintf(where, sizeof where, "%s:%u", path, n);
		error = read_line(lines, where, line, fault);
	}
	if (error == 0 && ferror(file)) {
		(void)fault_set(fault, "%.400s: cannot be read", path);
		error = -EIO;
	}
	free(line);
	fclose(file);
	return error;
}
