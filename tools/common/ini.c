/* SPDX-License-Identifier: MIT */
/* Nothing is guessed: what is not wholly understood is an error. */
#include "tools/common/ini.h"
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

static int wrong(const struct ini_reader *reader, const char *where, const char *why)
{
	reader->wrong(reader->user, where, why);
	return -EINVAL;
}

static int line_read(const struct ini_reader *reader, const char *where, char *line)
{
	char *equals;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[')
		return wrong(reader, where, "there are no sections here");
	equals = strchr(line, '=');
	if (!equals)
		return wrong(reader, where, "a line is KEY = VALUE");
	*equals = '\0';
	return reader->take(reader->user, where, trim(line), trim(equals + 1));
}

int ini_read(const char *path, const struct ini_reader *reader)
{
	char where[PATH_MAX + 16], *line = NULL;
	size_t size = 0;
	int error = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	for (unsigned n = 1; error == 0 && getline(&line, &size, file) >= 0; n++) {
		snprintf(where, sizeof where, "%s:%u", path, n);
		error = line_read(reader, where, line);
	}
	if (error == 0 && ferror(file))
		error = -EIO;
	free(line);
	fclose(file);
	return error;
}

/* ---- Values -------------------------------------------------------------- */

/* Leading decimal digits; *rest points behind them. Numbers too large for any value saturate. */
static int digits(const char *text, uint64_t *ret_number, const char **ret_rest)
{
	uint64_t number = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (number < UINT64_C(1) << 40)
			number = number * 10 + (uint64_t)(*text - '0');
	*ret_number = number;
	*ret_rest = text;
	return 0;
}

int ini_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	const char *rest;

	if (digits(text, &number, &rest) < 0 || *rest != '\0' || number < min || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static int with_unit(const char *text, const struct unit *units, size_t n, uint64_t *ret_number)
{
	uint64_t number;
	const char *rest;

	if (digits(text, &number, &rest) < 0 || number == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rest, units[i].name) == 0) {
			*ret_number = number * units[i].factor;
			return 0;
		}
	return -EINVAL;
}

int ini_duration(const char *text, uint64_t *ret_ms)
{
	static const struct unit units[] = { { "", 1000 },     { "ms", 1 },      { "s", 1000 },
					     { "m", 60000 },   { "min", 60000 }, { "h", 3600000 },
					     { "d", 86400000 } };

	return with_unit(text, units, sizeof units / sizeof units[0], ret_ms);
}

int ini_mebibytes(const char *text, uint64_t *ret_mb)
{
	static const struct unit units[] = { { "M", 1 }, { "G", 1024 } };

	return with_unit(text, units, sizeof units / sizeof units[0], ret_mb);
}
