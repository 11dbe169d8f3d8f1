/* SPDX-License-Identifier: MIT */
/* Between chunk.c, which finds the sentences, and pack.c, which makes chunks of them. */
#ifndef DOCPROC_CHUNK_CHUNK_PARTS_H
#define DOCPROC_CHUNK_CHUNK_PARTS_H

#include "tools/docproc/chunk/chunk.h"

/* What of a sentence its own structure does not say. */
enum origin {
	ORIGIN_BLOCK = 1,     /* the first of its block */
	ORIGIN_HEADING = 2,   /* of a heading */
	ORIGIN_SPACELESS = 4, /* no space stood before it */
};

/* Fill in the chunks of the sentences. origins: one a sentence. 0, -ENOMEM, CANCELLED. */
int pack_chunks(struct chunks *chunks, const uint8_t *origins, struct report *report);

#endif
