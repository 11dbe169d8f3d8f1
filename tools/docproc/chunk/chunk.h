/* SPDX-License-Identifier: MIT */
/*
 * Splits blocks into chunks of about CHUNK_WORDS words. Chunks end at sentences and overlap by
 * about CHUNK_OVERLAP words; each has the page where it begins and the heading above it.
 */
#ifndef DOCPROC_CHUNK_CHUNK_H
#define DOCPROC_CHUNK_CHUNK_H

#include "tools/docproc/chunk/sentence.h"
#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

enum { CHUNK_OVERLAP = 50, CHUNK_HEADING_MAX = 255 };

struct sentence {
	char *text; /* one line, hyphenated words joined, single spaces */
	uint32_t words, page;
	bool prose; /* from a paragraph; not a heading, a row or a footnote */
};

struct chunk {
	char *text;    /* sentences joined by a space, blocks by a '\n' */
	char *heading; /* "" before the first heading; at most CHUNK_HEADING_MAX bytes */
	uint32_t page; /* of its first sentence; 0: the format has no pages */
	uint32_t words;
	size_t first_sentence, n_sentences; /* the sentences in it */
};

struct chunks {
	struct chunk *chunks;
	size_t n_chunks;
	struct sentence *sentences; /* in document order */
	size_t n_sentences;
	char language[8]; /* ISO 639: "en", "de", ... ; "und" if it cannot be determined */
};

/* Reports sentences. FAILED "Document appears to be empty" if there is no word at all, with "(no
 * text layer)" for scanned pages. */
int chunk_content(const struct content *content, struct report *report, struct chunks *ret_chunks,
		  struct failure *failure);

void chunks_free(struct chunks *chunks);

#endif
