/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/text_buffer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct text_buffer *text, size_t more)
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

void text_buffer_add(struct text_buffer *text, const char *bytes, size_t size)
{
	if (!make_room(text, size))
		return;
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

void text_buffer_format(struct text_buffer *text, const char *format, ...)
{
	va_list arguments;
	char line[256];

	va_start(arguments, format);
	int size = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (size > 0 && (size_t)size < sizeof line)
		text_buffer_add(text, line, (size_t)size);
	else
		text->failed = true;
}

size_t text_buffer_take(struct text_buffer *text, char *to, size_t max)
{
	size_t size = text->size - text->taken;

	if (size == 0)
		return 0;
	if (size > max)
		size = max;
	memcpy(to, text->bytes + text->taken, size);
	text->taken += size;
	if (text_buffer_empty(text))
		text_buffer_free(text);
	return size;
}

bool text_buffer_empty(const struct text_buffer *text)
{
	return text->taken == text->size;
}

void text_buffer_free(struct text_buffer *text)
{
	bool failed = text->failed;

	free(text->bytes);
	*text = (struct text_buffer){ .failed = failed };
}
