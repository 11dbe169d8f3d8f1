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

#include "tools/trackd-http/server/text_buffer.h"
#include <stdbool.h>
#include <stdint.h>

/* An event; id NULL: the last one stays. data: one line. */
void sse_event(struct text_buffer *text, const char *event, const char *id, const char *data);

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
