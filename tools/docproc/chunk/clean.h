/* SPDX-License-Identifier: MIT */
/*
 * The lines of a block made one text: words that were hyphenated at line ends joined, white space
 * made single, ligatures taken apart. Nothing else of the text is changed.
 */
#ifndef DOCPROC_CHUNK_CLEAN_H
#define DOCPROC_CHUNK_CLEAN_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/strbuf.h"
#include <unicode/unorm2.h>

struct cleaner {
	const UNormalizer2 *nfc, *nfkc;
	/* Hashes of words that the document writes with a hyphen inside a line; 0 is free. */
	uint64_t *compounds;
	size_t n_compounds, room;
};

/* Looks through the whole document for words with hyphens. 0, -ENOMEM, -EIO: ICU has no data. */
int cleaner_open(struct cleaner *cleaner, const struct content *content);
void cleaner_close(struct cleaner *cleaner);

/* Put the cleaned text into the buffer, in place of what was there. 0 or -ENOMEM. */
int cleaner_block(const struct cleaner *cleaner, const char *text, struct strbuf *to);

/* A copy of a piece of text, at most some 16 KiB, composed as NFC. NULL: no memory. */
char *cleaner_compose(const struct cleaner *cleaner, const char *text, size_t length);

#endif
