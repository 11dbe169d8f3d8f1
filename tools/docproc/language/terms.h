/* SPDX-License-Identifier: MIT */
/*
 * What counts as a word when searching. In writing without spaces between words (Chinese, Japanese,
 * Korean, Thai, ...) every pair of neighbouring characters is a term, and the last character of a
 * run by itself: so any part of a run of two or more characters is found by its pairs, and a
 * single character as the beginning of one.
 */
#ifndef DOCPROC_LANGUAGE_TERMS_H
#define DOCPROC_LANGUAGE_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct term {
	size_t begin, end; /* bytes of the text */
	bool spaceless;    /* of a run of writing without spaces */
	bool last;         /* the last character of such a run, by itself */
	bool alone;        /* and the only one */
};

struct term_scan {
	const char *text;
	size_t length;
	size_t at;   /* where the next term is looked for */
	bool in_run; /* at: in a run of writing without spaces */
};

/* The next term of a text of valid UTF-8; what is not valid separates. False at the end. */
bool terms_next(struct term_scan *scan, struct term *ret_term);

/* The character at *at, which moves behind it; negative where there is none. */
int32_t terms_character(const char *text, size_t *at, size_t length);

enum { TERM_FOLDED = 256 };

/* A word for comparing: without case and accents, cut where it is very long. */
void terms_fold(const char *word, size_t length, char ret_folded[TERM_FOLDED]);

/* All spaceless terms of a heading and a text, with spaces between them. The caller frees it; NULL
 * when memory is out. */
char *terms_spaceless(const char *heading, const char *text);

#endif
