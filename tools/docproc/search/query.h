/* SPDX-License-Identifier: MIT */
/* The terms of a query, for the index and for choosing passages. */
#ifndef DOCPROC_SEARCH_QUERY_H
#define DOCPROC_SEARCH_QUERY_H

#include "tools/docproc/language/terms.h"
#include <stdint.h>

enum { QUERY_TERMS_MAX = 64 }; /* distinct ones; further ones are not used in the search by words */

struct query {
	char *text; /* composed (NFC), as the index has it */
	size_t n_terms;
	struct query_term {
		struct term where; /* in text */
		bool begins;       /* also matches words that begin with it */
		char folded[TERM_FOLDED];
	} terms[QUERY_TERMS_MAX];
};

/* 0, -ENOMEM, -EILSEQ (not UTF-8). */
int query_parse(const char *text, struct query *ret_query);
void query_free(struct query *query);

/* An FTS5 query that matches any of the terms. Each term is quoted, so that none acts as an
 * operator. Free it with sqlite3_free(); NULL if memory is out. */
char *query_match(const struct query *query);

/* A bit mask of the query's terms that match a term of a text; ret_alike: those that are similar,
 * as other forms of the same word. */
uint64_t query_matches(const struct query *query, const char *text, const struct term *term,
		       uint64_t *ret_alike);

#endif
