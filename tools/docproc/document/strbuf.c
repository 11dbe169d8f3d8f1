/* SPDX-License-Identifier: MIT */
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/document/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Grow by half: doubling would waste most of the memory limit on a large document. */
static int reserve(struct strbuf *buffer, size_t more)
{
	size_t needed = buffer->length + more + 1, room = buffer->room;

	if (needed <= room)
		return 0;
	room += room / 2;
	if (room < needed)
		room = needed < 64 ? 64 : needed;
	char *bytes = realloc(buffer->bytes, room);
	if (!bytes)
		return -ENOMEM;
	buffer->bytes = bytes;
	buffer->room = room;
	return 0;
}

int strbuf_add(struct strbuf *buffer, const char *bytes, size_t length)
{
	if (reserve(buffer, length) < 0)
		return -ENOMEM;
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	buffer->bytes[buffer->length] = '\0';
	return 0;
}

int strbuf_add_char(struct strbuf *buffer, int32_t code_point)
{
	char bytes[U8_MAX_LENGTH];

	return strbuf_add(buffer, bytes, (size_t)utf8_put(bytes, code_point));
}

void strbuf_free(struct strbuf *buffer)
{
	free(buffer->bytes);
	*buffer = (struct strbuf){ 0 };
}

char *strbuf_take(struct strbuf *buffer)
{
	if (strbuf_add(buffer, "", 0) < 0)
		return NULL;
	char *text = realloc(buffer->bytes, buffer->length + 1);
	if (!text)
		text = buffer->bytes;
	*buffer = (struct strbuf){ 0 };
	return text;
}
