/* SPDX-License-Identifier: MIT */
/* What the tests of chunking share: a document of blocks, and a board that counts and can cancel. */
#ifndef TESTS_DOCPROC_BLOCKS_H
#define TESTS_DOCPROC_BLOCKS_H

#include "tools/docproc/chunk/chunk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS_MAX = 64 };

static struct content content;
static struct block blocks[BLOCKS_MAX];
static struct chunks chunks;
static struct failure failure;

/* ---- The board, as the stages see it ------------------------------------- */

static uint64_t total, done;
static uint64_t cancel_at; /* units after which the task is to be cancelled */

void report_total(struct report *report, uint64_t units)
{
	(void)report;
	total = units;
}

int report_step(struct report *report, uint64_t units)
{
	(void)report;
	done += units;
	return done >= cancel_at ? CANCELLED : 0;
}

/* ---- Helpers ------------------------------------------------------------ */

static int set_up(void **state)
{
	(void)state;
	content = (struct content){ .blocks = blocks };
	total = done = 0;
	cancel_at = UINT64_MAX;
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

static int run(void)
{
	chunks_free(&chunks);
	return chunk_content(&content, NULL, &chunks, &failure);
}

#endif
