/* SPDX-License-Identifier: MIT */
/* Between chunk.c, which finds the sentences, and pack.c, which makes chunks of them. */
#ifndef DOCPROC_CHUNK_CHUNK_PARTS_H
#define DOCPROC_CHUNK_CHUNK_PARTS_H

#include "tools/docproc/chunk/chunk.h"

/* What struct sentence does not say of a sentence. */
enum origin {
	ORIGIN_BLOCK = 1,     /* the first of its block */
	ORIGIN_HEADING = 2,   /* of a heading */
	ORIGIN_SPACELESS = 4, /* no space before it */
};

/* Make the chunks of the sentences. origins: one per sentence. 0, -ENOMEM, CANCELLED. */
int pack_chunks(struct chunks *chunks, const uint8_t *origins, struct report *report);

#endif
