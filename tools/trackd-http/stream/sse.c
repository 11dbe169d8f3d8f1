/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/stream/sse.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Events -------------------------------------------------------------- */

void sse_event(struct text_buffer *text, const char *event, const char *id, const char *data)
{
	text_buffer_format(text, "event: %s\n", event);
	if (id)
		text_buffer_format(text, "id: %s\n", id);
	text_buffer_add(text, "data: ", 6);
	text_buffer_add(text, data, strlen(data));
	text_buffer_add(text, "\n\n", 2);
}

/* ---- Ids ----------------------------------------------------------------- */

void sse_id_text(const struct sse_id *id, char ret_text[SSE_ID])
{
	int size = snprintf(ret_text, SSE_ID, "%s.%" PRIu64, id->board, id->sequence);

	if (id->end)
		snprintf(ret_text + size, SSE_ID - (size_t)size, ".end.%" PRIu32, id->generation);
}

/* A number without sign or leading zeros, and what follows it. NULL: there is none. */
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
