/* SPDX-License-Identifier: MIT */
/*
 * The other end of the extractor's pipe: bytes in, text out. The extractor runs large libraries on a
 * stranger's bytes and may be in a stranger's hands, so everything that it sends is checked: types,
 * lengths before anything is stored, the order, counts, numbers, and that text is clean as
 * content.h demands. The worst that can come out is wrong text.
 *
 * No memory is asked for because of a length that was sent, only for bytes that have come.
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
	FRAMES_FAILED, /* the extractor said why */
};

struct frame_reader {
	enum frame_state state;
	uint64_t total, done;   /* progress so far */
	struct content content; /* whole once the state is FRAMES_ENDED */
	struct failure failure; /* in FRAMES_FAILED */
	uint32_t highest_page;
	bool paged; /* no block was without a page; true without blocks */
	struct frame_head head;
	size_t n_head;
	unsigned char *payload;
	size_t n_payload, room;
};

void frame_reader_begin(struct frame_reader *ret_reader);
void frame_reader_free(struct frame_reader *reader);

/* Take what came. 0; -EPROTO for what a sound extractor does not send; -ENOMEM. After an error the
 * reader takes nothing more. */
int frame_reader_take(struct frame_reader *reader, const void *bytes, size_t n);

#endif
