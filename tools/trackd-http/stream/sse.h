/* SPDX-License-Identifier: MIT */
/*
 * The text of Server-Sent Events (WHATWG HTML, "text/event-stream") and their ids.
 *
 * An id is BOARD.SEQUENCE: the board, and the position in its sequence of transitions: the client
 * has received all of its own below it. The id of a stream's end is BOARD.SEQUENCE.end.GENERATION:
 * the generation of the task that ended.
 */
#ifndef TRACKD_HTTP_STREAM_SSE_H
#define TRACKD_HTTP_STREAM_SSE_H

#include "tools/trackd-http/server/text_buffer.h"
#include <stdbool.h>
#include <stdint.h>

/* Append an event. id NULL: the client keeps the last id. data: one line. */
void sse_event(struct text_buffer *text, const char *event, const char *id, const char *data);

enum { SSE_BOARD = 33, SSE_ID = 80 };

struct sse_id {
	uint64_t sequence;
	uint32_t generation; /* only for an end */
	bool end;
	char board[SSE_BOARD]; /* 32 hexadecimal digits */
};

void sse_id_text(const struct sse_id *id, char ret_text[SSE_ID]);
/* Parse a Last-Event-ID. False: it does not have our form. */
bool sse_id_parse(const char *text, struct sse_id *ret_id);

#endif
