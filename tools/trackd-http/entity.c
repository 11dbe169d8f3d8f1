/* SPDX-License-Identifier: MIT */
#include "entity.h"
#include "board.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_S = 60 };

void entity_tag(struct gateway *gateway, const struct trackd_task *task, char ret_tag[ENTITY_TAG])
{
	snprintf(ret_tag, ENTITY_TAG, "W/\"%s-%" PRIx32 "-%" PRIu64 "-%" PRIu64 "\"",
		 board_id(gateway->board), task->ref.generation, task->revision, task->done);
}

/* What is compared: the tag without its weakness. */
static const char *opaque(const char *tag)
{
	return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

bool entity_unchanged(const struct request *request, const char *tag)
{
	const char *list = request_header(request, "If-None-Match");
	const char *wanted = opaque(tag);
	size_t length = strlen(wanted);

	if (!list)
		return false;
	for (const char *at = list; *at;) {
		at += strspn(at, " \t,");
		if (*at == '*')
			return true;
		const char *candidate = opaque(at);
		if (strncmp(candidate, wanted, length) == 0 && strchr(" \t,", candidate[length]))
			return true; /* strchr() finds the end as well */
		at += strcspn(at, ",");
	}
	return false;
}

/* The number of "wait=N" among the preferences. */
static const char *preferred_wait(const struct request *request)
{
	const char *prefer = request_header(request, "Prefer");

	while (prefer && *prefer) {
		prefer += strspn(prefer, " \t,;");
		if (strncasecmp(prefer, "wait=", 5) == 0)
			return prefer + 5;
		prefer += strcspn(prefer, ",;");
	}
	return NULL;
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
