/* SPDX-License-Identifier: MIT */
/*
 * What the extractor sends through its pipe: frames, each a head and so many bytes. Both ends are the
 * same program on the same host, so numbers are in its own byte order. In this order:
 *
 *	FRAME_TOTAL     at most one: how many pages or parts there are
 *	FRAME_STEP      so many more of them are read; all together no more than the total
 *	FRAME_BLOCK     a block of text
 *	FRAME_END       the last one: counts of what was sent
 *	FRAME_FAILURE   instead of FRAME_END: why there is no text
 *
 * frame_writer.c writes them. frame_reader.c reads them and believes nothing.
 */
#ifndef DOCPROC_FRAME_H
#define DOCPROC_FRAME_H

#include "tools/docproc/document/utf8.h"
#include <stdbool.h>
#include <stdint.h>

enum frame_type { FRAME_TOTAL = 1, FRAME_STEP, FRAME_BLOCK, FRAME_END, FRAME_FAILURE };

struct frame_head {
	uint32_t type;   /* enum frame_type */
	uint32_t length; /* of what follows, in bytes */
};

/* FRAME_TOTAL and FRAME_STEP. */
struct frame_progress {
	uint64_t units;
};

/* FRAME_BLOCK; its text follows, without a NUL. */
struct frame_block {
	uint32_t type; /* enum block_type */
	uint32_t page;
};

struct frame_end {
	uint32_t document_type; /* enum document_type */
	uint32_t pages;
	uint32_t no_text_layer; /* 0 or 1 */
	uint32_t reserved;      /* 0 */
	uint64_t n_blocks, n_bytes;
};

/* FRAME_FAILURE; the error and the advice follow, without NULs. They go to a board, a log and a
 * terminal: UTF-8 without control characters. */
struct frame_failure {
	uint32_t error_length, advice_length;
};

static inline bool frame_failure_may_hold(UChar32 c)
{
	return c >= ' ' && (c < 0x7f || c >= 0xa0);
}

#endif
