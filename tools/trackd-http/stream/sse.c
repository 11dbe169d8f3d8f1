/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/stream/sse.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Bytes --------------------------------------------------------------- */

static bool make_room(struct sse_text *text, size_t more)
{
	size_t room = text->room ? text->room : 2048;
	char *bytes;

	while (room - text->size < more)
		room *= 2;
	if (room == text->room)
		return true;
	bytes = realloc(text->bytes, room);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void sse_add(struct sse_text *text, const char *bytes, size_t size)
{
	if (!make_room(text, size))
		return;
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

void sse_format(struct sse_text *text, const char *format, ...)
{
	va_list arguments;
	char line[256];

	va_start(arguments, format);
	int size = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (size > 0 && (size_t)size < sizeof line)
		sse_add(text, line, (size_t)size);
	else
		text->failed = true;
}

void sse_event(struct sse_text *text, const char *event, const char *id, const char *data)
{
	sse_format(text, "event: %s\n", event);
	if (id)
		sse_format(text, "id: %s\n", id);
	sse_add(text, "data: ", 6);
	sse_add(text, data, strlen(data));
	sse_add(text, "\n\n", 2);
}

size_t sse_take(struct sse_text *text, char *to, size_t max)
{
	size_t size = text->size - text->taken;

	if (size == 0)
		return 0;
	if (size > max)
		size = max;
	memcpy(to, text->bytes + text->taken, size);
	text->taken += size;
	if (sse_empty(text))
		sse_free(text);
	return size;
}

bool sse_empty(const struct sse_text *text)
{
	return text->taken == text->size;
}

void sse_free(struct sse_text *text)
{
	bool failed = text->failed;

	free(text->bytes);
	*text = (struct sse_text){ .failed = failed };
}

/* ---- Ids ----------------------------------------------------------------- */

void sse_id_text(const struct sse_id *id, char ret_text[SSE_ID])
{
	int size = snprintf(ret_text, SSE_ID, "%s.%" PRIu64, id->board, id->sequence);

	if (id->end)
		snprintf(ret_text + size, SSE_ID - (size_t)size, ".end.%" PRIu32, id->generation);
}

/* A number without sign or leading zeros, and what follows it. NULL: it is none. */
static const char *number(const char *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t n = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (n > (max - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	if (at == text || (text[0] == '0' && at - text > 1))
		return NULL;
	*ret_number = n;
	return at;
}

bool sse_id_parse(const char *text, struct sse_id *ret_id)
{
	struct sse_id id = { .end = false };
	uint64_t generation;

	if (strspn(text, "0123456789abcdef") != SSE_BOARD - 1 || text[SSE_BOARD - 1] != '.')
		return false;
	memcpy(id.board, text, SSE_BOARD - 1);
	text = number(text + SSE_BOARD, UINT64_MAX, &id.sequence);
	if (text && strncmp(text, ".end.", 5) == 0) {
		text = number(text + 5, UINT32_MAX, &generation);
		if (!text)
			return false;
		id.end = true;
		id.generation = (uint32_t)generation;
	}
	if (!text || *text != '\0')
		return false;
	*ret_id = id;
	return true;
}
