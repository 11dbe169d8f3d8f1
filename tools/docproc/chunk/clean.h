/* SPDX-License-Identifier: MIT */
/*
 * Turns the lines of a block into one text: joins words that were hyphenated at line ends, reduces
 * white space to single spaces, and expands ligatures. The text is not changed otherwise.
 */
#ifndef DOCPROC_CHUNK_CLEAN_H
#define DOCPROC_CHUNK_CLEAN_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/strbuf.h"
#include <unicode/unorm2.h>

struct cleaner {
	const UNormalizer2 *nfc, *nfkc;
	/* Hashes of words that have a hyphen inside a line of the document; 0: free entry. */
	uint64_t *compounds;
	size_t n_compounds, room;
};

/* Collect the hyphenated words of the whole document. 0, -ENOMEM, -EIO: ICU has no data. */
int cleaner_open(struct cleaner *cleaner, const struct content *content);
void cleaner_close(struct cleaner *cleaner);

/* Replace the buffer's content with the cleaned text. 0 or -ENOMEM. */
int cleaner_block(const struct cleaner *cleaner, const char *text, struct strbuf *to);

/* A copy of a piece of text, at most about 16 KiB, composed as NFC. NULL: no memory. */
char *cleaner_compose(const struct cleaner *cleaner, const char *text, size_t length);

#endif
