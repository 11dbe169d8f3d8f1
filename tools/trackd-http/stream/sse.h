/* SPDX-License-Identifier: MIT */
/*
 * The text of Server-Sent Events (WHATWG HTML, "text/event-stream") and their ids.
 *
 * An id is BOARD.SEQUENCE: which board, and up to which of its transitions the stream has told all
 * that is its own. The id of a stream's end is BOARD.SEQUENCE.end.GENERATION: of which tenant of the
 * task's record it told the end.
 */
#ifndef TRACKD_HTTP_STREAM_SSE_H
#define TRACKD_HTTP_STREAM_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that wait to be sent: appended at the end, taken from the front. */
struct sse_text {
	char *bytes;
	size_t size, taken, room;
	bool failed; /* memory ran out: what is there is not whole */
};

void sse_add(struct sse_text *text, const char *bytes, size_t size);
void sse_format(struct sse_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* An event; id NULL: the last one stays. data: one line. */
void sse_event(struct sse_text *text, const char *event, const char *id, const char *data);

/* Move up to max bytes to `to`. How many; what is empty holds no memory. */
size_t sse_take(struct sse_text *text, char *to, size_t max);
bool sse_empty(const struct sse_text *text);
void sse_free(struct sse_text *text);

enum { SSE_BOARD = 33, SSE_ID = 80 };

struct sse_id {
	uint64_t sequence;
	uint32_t generation; /* of an end */
	bool end;
	char board[SSE_BOARD]; /* 32 hexadecimal digits */
};

void sse_id_text(const struct sse_id *id, char ret_text[SSE_ID]);
/* A Last-Event-ID. False: it is none of ours. */
bool sse_id_parse(const char *text, struct sse_id *ret_id);

#endif
