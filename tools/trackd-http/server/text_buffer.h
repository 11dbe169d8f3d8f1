/* SPDX-License-Identifier: MIT */
/* Text to be sent: appended at the end, taken from the front. */
#ifndef TRACKD_HTTP_SERVER_TEXT_BUFFER_H
#define TRACKD_HTTP_SERVER_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct text_buffer {
	char *bytes;
	size_t size, taken, room;
	bool failed; /* memory ran out: the text is incomplete */
};

void text_buffer_add(struct text_buffer *text, const char *bytes, size_t size);
void text_buffer_format(struct text_buffer *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Move up to max bytes to `to`; returns how many. An empty buffer holds no memory. */
size_t text_buffer_take(struct text_buffer *text, char *to, size_t max);
bool text_buffer_empty(const struct text_buffer *text);
void text_buffer_free(struct text_buffer *text);

#endif
