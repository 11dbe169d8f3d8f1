/* SPDX-License-Identifier: MIT */
/*
 * Where the sentences of a text end, and how many words each has: ICU's boundaries for the language,
 * less those behind abbreviations. Sentences of more than CHUNK_WORDS_MAX words or SENTENCE_BYTES
 * are cut behind a comma or the like, or else between words.
 */
#ifndef DOCPROC_CHUNK_SENTENCE_H
#define DOCPROC_CHUNK_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

/* CHUNK_WORDS is what a chunk aims at; CHUNK_WORDS_MAX bounds a chunk and a sentence: a longer
 * sentence is cut. */
enum { CHUNK_WORDS = 400, CHUNK_WORDS_MAX = 600 };
enum { SENTENCE_BYTES = 16 << 10 };

struct splitter {
	char language[8];
	UBreakIterator *sentences, *words;
	UText sentence_text, word_text;
	const char *text;
	size_t length;
	bool whole;     /* the text is not to be split where sentences end */
	size_t at, end; /* what is left of the present sentence */
};

struct piece {
	size_t start, length; /* without white space around it */
	uint32_t words;
};

/* False: ICU has no data, or no memory. */
bool splitter_open(struct splitter *splitter, const char *language);
void splitter_close(struct splitter *splitter);

/* Begin with a text in which white space is single; text[length] is a NUL. It must stay. whole: a
 * heading or a row, which is one piece unless it is too long. False: no memory. */
bool splitter_begin(struct splitter *splitter, const char *text, size_t length, bool whole);

/* The next piece. False: there is none. */
bool splitter_next(struct splitter *splitter, struct piece *ret_piece);

#endif
