/* SPDX-License-Identifier: MIT */
/* The text of a document: blocks in reading order. Extraction makes them, chunking reads them. */
#ifndef DOCPROC_DOCUMENT_CONTENT_H
#define DOCPROC_DOCUMENT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum block_type { BLOCK_PARAGRAPH, BLOCK_HEADING, BLOCK_TABLE_ROW, BLOCK_FOOTNOTE };

struct block {
	enum block_type type;
	uint32_t page; /* from 1; 0: the format has no pages */
	/* Valid UTF-8 without control characters, except '\n' at line ends of the page (words may
	 * be hyphenated there) and '\t' between the cells of a row. */
	char *text;
};

struct content {
	struct block *blocks;
	size_t n_blocks, room;
	size_t n_bytes;           /* of all blocks */
	uint32_t pages;           /* 0: the format has no pages */
	bool no_text_layer;       /* the pages have only pictures: scanned */
	const char *content_type; /* MIME type, a literal */
};

enum {
	CONTENT_BYTES_MAX = 256 << 20, /* of text; a larger one is an attack or not a document */
};

/* Append a block. The text is copied and cleaned; a blank one is dropped. 0, -ENOMEM, -EFBIG over
 * CONTENT_BYTES_MAX. */
int content_add(struct content *content, enum block_type type, uint32_t page, const char *text,
		size_t length);

void content_free(struct content *content);

#endif
