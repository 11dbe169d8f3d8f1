/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/json_write.h"
#include "libclient/trackd.h"
#include "tools/common/printable.h"
#include <stdbool.h>

static bool is_simple(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* The input is valid text; its only control characters are tab and line feed. */
static char *write_escaped(char *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '\n' || *text == '\t')
			*to++ = '\\';
		*to++ = *text == '\n' ? 'n' : *text == '\t' ? 't' : *text;
	}
	return to;
}

char *json_write_text(char *to, const char *text)
{
	char safe[PRINTABLE_ROOM(TRACKD_ERROR_MAX)];

	*to++ = '"';
	while (is_simple(*text))
		*to++ = *text++;
	if (*text != '\0') {
		printable_text(safe, sizeof safe, text);
		to = write_escaped(to, safe);
	}
	*to++ = '"';
	return to;
}

char *json_write_optional(char *to, const char *text)
{
	return text[0] == '\0' ? json_write_plain(to, "null") : json_write_text(to, text);
}

char *json_write_number(char *to, uint64_t value)
{
	char digits[JSON_ROOM_NUMBER];
	size_t n = 0;

	if (value > INT64_MAX)
		value = INT64_MAX;
	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

char *json_write_number_or_null(char *to, uint64_t value)
{
	return value == 0 ? json_write_plain(to, "null") : json_write_number(to, value);
}
