/* SPDX-License-Identifier: MIT */
/*
 * Reads the extractor's pipe: bytes in, text out. The extractor runs large libraries on untrusted
 * bytes and may be under an attacker's control, so everything it sends is checked: types, lengths
 * before anything is stored, the order, counts, numbers, and that the text is as clean as content.h
 * requires. At worst the text is wrong.
 *
 * Memory is allocated only for bytes that have arrived, never for an announced length.
 */
#ifndef DOCPROC_FRAME_READER_H
#define DOCPROC_FRAME_READER_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/docproc/extract/frame.h"
#include "tools/documents/failure.h"

enum frame_state {
	FRAMES_COME, /* more are expected */
	FRAMES_ENDED,
	FRAMES_FAILED, /* the extractor reported a failure */
};

struct frame_reader {
	enum frame_state state;
	uint64_t total, done;   /* progress so far */
	struct content content; /* complete in the state FRAMES_ENDED */
	struct failure failure; /* valid in FRAMES_FAILED */
	uint32_t highest_page;
	bool paged; /* no block without a page so far */
	struct frame_head head;
	size_t n_head;
	unsigned char *payload;
	size_t n_payload, room;
};

void frame_reader_begin(struct frame_reader *ret_reader);
void frame_reader_free(struct frame_reader *reader);

/* Process bytes that have arrived. 0; -EPROTO for what a correct extractor does not send; -ENOMEM.
 * After an error the reader accepts nothing more. */
int frame_reader_take(struct frame_reader *reader, const void *bytes, size_t n);

#endif
