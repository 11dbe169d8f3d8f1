/* SPDX-License-Identifier: MIT */
/* Shared by the tests of chunking: a document of blocks. */
#ifndef TESTS_DOCPROC_BLOCKS_H
#define TESTS_DOCPROC_BLOCKS_H

#include "tests/harness/suite.h"
#include "tests/unit/docproc/progress.h"
#include "tools/docproc/chunk/chunk.h"
#include <stdio.h>
#include <string.h>

enum { BLOCKS_MAX = 64 };

static struct content content;
static struct block blocks[BLOCKS_MAX];
static struct chunks chunks;
static struct failure failure;

/* ---- Helpers ------------------------------------------------------------ */

static int set_up(void **state)
{
	(void)state;
	content = (struct content){ .blocks = blocks };
	progress_reset();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	chunks_free(&chunks);
	return 0;
}

static void add(enum block_type type, uint32_t page, const char *text)
{
	assert_true(content.n_blocks < BLOCKS_MAX);
	/* Only read, as the type cannot say. */
	union {
		const char *given;
		char *kept;
	} text_of = { .given = text };
	blocks[content.n_blocks++] = (struct block){ type, page, text_of.kept };
	content.n_bytes += strlen(text);
}

static inline void add_paragraph(uint32_t page, const char *text)
{
	add(BLOCK_PARAGRAPH, page, text);
}

static int run(void)
{
	chunks_free(&chunks);
	return chunk_content(&content, NULL, &chunks, &failure);
}

#endif
