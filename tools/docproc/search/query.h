/* SPDX-License-Identifier: MIT */
/* What a person is looking for, as terms: for the index, and for choosing passages. */
#ifndef DOCPROC_SEARCH_QUERY_H
#define DOCPROC_SEARCH_QUERY_H

#include "tools/docproc/language/terms.h"
#include <stdint.h>

enum { QUERY_TERMS_MAX = 64 }; /* different ones; more are left out of the search by words */

struct query {
	char *text; /* composed (NFC), as the index has it */
	size_t n_terms;
	struct query_term {
		struct term where; /* in text */
		bool begins;       /* words that begin with it are meant too */
		char folded[TERM_FOLDED];
	} terms[QUERY_TERMS_MAX];
};

/* 0, -ENOMEM, -EILSEQ (not UTF-8). */
int query_parse(const char *text, struct query *ret_query);
void query_free(struct query *query);

/* An FTS5 query that matches any of the terms. Every term is a quoted string, so that nothing in
 * it is an operator. sqlite3_free() it; NULL when memory is out. */
char *query_match(const struct query *query);

/* Which terms of the query a term of a text is, as bits; ret_alike: which it only looks like, as
 * another form of the same word does. */
uint64_t query_matches(const struct query *query, const char *text, const struct term *term,
		       uint64_t *ret_alike);

#endif
