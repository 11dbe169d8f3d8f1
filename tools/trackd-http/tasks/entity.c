/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/entity.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/server/header_lines.h"
#include "tools/trackd-http/server/json_write.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_S = 60 };

void entity_tag(struct gateway *gateway, const struct trackd_task *task, char ret_tag[ENTITY_TAG])
{
	char *to = json_write_plain(ret_tag, "W/\"");

	to = json_write_plain(to, board_connection_id(gateway->board));
	*to++ = '-';
	to = json_write_number(to, task->ref.generation);
	*to++ = '-';
	to = json_write_number(to, task->revision);
	*to++ = '-';
	to = json_write_number(to, task->done);
	json_write_plain(to, "\"");
}

/* The part that is compared: the tag without W/. */
static const char *opaque(const char *tag)
{
	return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* Whether a list has the tag, or is "*". Commas may occur between a tag's quotes. */
static bool names_tag(const char *line, void *user)
{
	const char *wanted = *(const char *const *)user;
	size_t length = strlen(wanted);

	for (const char *at = line + strspn(line, " \t,"); *at; at += strspn(at, " \t,")) {
		const char *tag = opaque(at), *end = tag[0] == '"' ? strchr(tag + 1, '"') : NULL;

		if (at[0] == '*' && strchr(" \t,", at[1])) /* strchr() finds the final NUL too */
			return true;
		if (end && (size_t)(end + 1 - tag) == length && memcmp(tag, wanted, length) == 0)
			return true;
		at = end ? end + 1 : at;
		at += strcspn(at, ",");
	}
	return false;
}

bool entity_unchanged(const struct request *request, const char *tag)
{
	const char *wanted = opaque(tag);

	return header_lines_any(request, "If-None-Match", names_tag, &wanted);
}

/* The number in "wait=N" among the preferences. */
static bool find_wait(const char *line, void *user)
{
	const char **ret_wait = user;

	for (const char *at = line + strspn(line, " \t,;"); *at; at += strspn(at, " \t,;")) {
		if (strncasecmp(at, "wait=", 5) == 0) {
			*ret_wait = at + 5;
			return true;
		}
		at += strcspn(at, ",;");
	}
	return false;
}

static const char *preferred_wait(const struct request *request)
{
	const char *wait = NULL;

	(void)header_lines_any(request, "Prefer", find_wait, &wait);
	return wait;
}

int64_t entity_wait_ms(const struct request *request, bool *ret_preferred)
{
	const char *text = request_query(request, "wait");
	char *end;

	*ret_preferred = false;
	if (!text) {
		text = preferred_wait(request);
		if (!text)
			return 0;
		*ret_preferred = true;
	}
	errno = 0;
	unsigned long seconds = strtoul(text, &end, 10);
	bool number = end != text && text[0] >= '0' && text[0] <= '9' && errno == 0;
	if (!number || (!*ret_preferred && *end != '\0'))
		return *ret_preferred ? (*ret_preferred = false, 0) : -EINVAL;
	return (int64_t)(seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S) * 1000;
}
