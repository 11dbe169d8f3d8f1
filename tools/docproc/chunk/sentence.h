/* SPDX-License-Identifier: MIT */
/*
 * Finds the ends of sentences and counts their words: ICU's boundaries for the language, except
 * those after abbreviations. Sentences of more than CHUNK_WORDS_MAX words or SENTENCE_BYTES are cut
 * after a comma or the like, or else between words.
 */
#ifndef DOCPROC_CHUNK_SENTENCE_H
#define DOCPROC_CHUNK_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

/* CHUNK_WORDS is the target size of a chunk; CHUNK_WORDS_MAX is the limit of a chunk and of a
 * sentence. */
enum { CHUNK_WORDS = 400, CHUNK_WORDS_MAX = 600 };
enum { SENTENCE_BYTES = 16 << 10 };

struct splitter {
	char language[8];
	UBreakIterator *sentences, *words;
	UText sentence_text, word_text;
	const char *text;
	size_t length;
	bool whole;     /* do not split the text into sentences */
	size_t at, end; /* the rest of the present sentence */
};

struct piece {
	size_t start, length; /* without surrounding white space */
	uint32_t words;
};

/* False: ICU has no data, or no memory. */
bool splitter_open(struct splitter *splitter, const char *language);
void splitter_close(struct splitter *splitter);

/* Begin a text, in which white space is single; text[length] is a NUL. It must outlive the
 * splitting. whole: a heading or a row, which stays one piece unless it is too long. False: no
 * memory. */
bool splitter_begin(struct splitter *splitter, const char *text, size_t length, bool whole);

/* The next piece. False: there is none. */
bool splitter_next(struct splitter *splitter, struct piece *ret_piece);

#endif
