/* SPDX-License-Identifier: MIT */
/*
 * What a document says: blocks of text in reading order. Made by extraction, read by chunking.
 */
#ifndef DOCPROC_DOCUMENT_CONTENT_H
#define DOCPROC_DOCUMENT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_type { BLOCK_PARAGRAPH, BLOCK_HEADING, BLOCK_TABLE_ROW, BLOCK_FOOTNOTE };

struct block {
	enum block_type type;
	uint32_t page; /* from 1; 0: the format has no pages */
	/* UTF-8, valid, no control characters but '\n' where a line of the page ends (words may be
	 * hyphenated there) and '\t' between the cells of a row. */
	char *text;
};

struct content {
	struct block *blocks;
	size_t n_blocks, room;
	size_t n_bytes;           /* of all texts */
	uint32_t pages;           /* 0: the format has none */
	bool no_text_layer;       /* pages that show pictures only: scanned */
	const char *content_type; /* MIME type, a literal */
};

enum {
	CONTENT_BYTES_MAX = 256 << 20, /* of text: more is an attack or not a document */
};

/* Append a block. The text is copied, cleaned of what must not be in it; a blank one is dropped.
 * 0, -ENOMEM, -EFBIG over CONTENT_BYTES_MAX. */
int content_add(struct content *content, enum block_type type, uint32_t page, const char *text,
		size_t length);

void content_free(struct content *content);

#endif
