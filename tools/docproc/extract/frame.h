/* SPDX-License-Identifier: MIT */
/*
 * The frames that the extractor sends through its pipe. Each has a head and a body. Both ends are
 * the same program on the same host, so numbers are in host byte order. In this order:
 *
 *	FRAME_TOTAL     at most one: the number of pages or parts
 *	FRAME_STEP      the number read since; in sum at most the total
 *	FRAME_BLOCK     a block of text
 *	FRAME_END       the last one: counts of what was sent
 *	FRAME_FAILURE   instead of FRAME_END: why there is no text
 *
 * frame_writer.c writes them. frame_reader.c reads and checks them.
 */
#ifndef DOCPROC_FRAME_H
#define DOCPROC_FRAME_H

#include "tools/docproc/document/utf8.h"
#include <stdbool.h>
#include <stdint.h>

enum frame_type { FRAME_TOTAL = 1, FRAME_STEP, FRAME_BLOCK, FRAME_END, FRAME_FAILURE };

struct frame_head {
	uint32_t type;   /* enum frame_type */
	uint32_t length; /* of the body, in bytes */
};

/* Body of FRAME_TOTAL and FRAME_STEP. */
struct frame_progress {
	uint64_t units;
};

/* Body of FRAME_BLOCK; the text follows, without a NUL. */
struct frame_block {
	uint32_t type; /* enum block_type */
	uint32_t page;
};

struct frame_end {
	uint32_t document_type; /* enum document_type */
	uint32_t pages;
	uint32_t no_text_layer; /* 0 or 1 */
	uint32_t reserved;      /* must be 0 */
	uint64_t n_blocks, n_bytes;
};

/* Body of FRAME_FAILURE; the error and the advice follow, without NULs. They are shown on a board,
 * in a log and on a terminal: UTF-8 without control characters. */
struct frame_failure {
	uint32_t error_length, advice_length;
};

static inline bool frame_failure_may_hold(UChar32 c)
{
	return c >= ' ' && (c < 0x7f || c >= 0xa0);
}

#endif
