/* SPDX-License-Identifier: MIT */
/*
 * Defines the terms of a search. In scripts without spaces between words (Chinese, Japanese,
 * Korean, Thai, ...) every pair of neighbouring characters is a term, and so is the last character
 * of a run alone. So the pairs of a query find any part of a run of two or more characters, and a
 * single character is found as the beginning of a pair.
 */
#ifndef DOCPROC_LANGUAGE_TERMS_H
#define DOCPROC_LANGUAGE_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct term {
	size_t begin, end; /* bytes of the text */
	bool spaceless;    /* from a run without spaces */
	bool last;         /* the last character of such a run, alone */
	bool alone;        /* and its only one */
};

struct term_scan {
	const char *text;
	size_t length;
	size_t at;   /* where to look for the next term */
	bool in_run; /* `at` is within a run without spaces */
};

/* The next term of valid UTF-8 text; invalid bytes separate terms. False at the end. */
bool terms_next(struct term_scan *scan, struct term *ret_term);

/* The character at *at; *at moves behind it. Negative at the end or for an invalid byte. */
int32_t terms_character(const char *text, size_t *at, size_t length);

enum { TERM_FOLDED = 256 };

/* Fold a word for comparison: without case and accents, truncated if very long. */
void terms_fold(const char *word, size_t length, char ret_folded[TERM_FOLDED]);

/* All spaceless terms of a heading and a text, separated by spaces. The caller frees it; NULL if
 * memory is out. */
char *terms_spaceless(const char *heading, const char *text);

#endif
