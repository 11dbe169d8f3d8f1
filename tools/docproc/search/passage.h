/* SPDX-License-Identifier: MIT */
/* The sentence or two of a chunk that answer a query best. */
#ifndef DOCPROC_SEARCH_PASSAGE_H
#define DOCPROC_SEARCH_PASSAGE_H

#include "tools/docproc/search/query.h"

enum { PASSAGE_MAX = 300 }; /* bytes */

/* The caller frees it; NULL when memory is out. language: ISO 639, of the document. */
char *passage_choose(const char *text, const char *language, const struct query *query);

struct passage_mark {
	size_t begin, end; /* bytes of the passage that a term of the query matches */
};

/* In ascending order, at most n. How many. */
size_t passage_marks(const char *passage, const struct query *query, struct passage_mark *ret_marks,
		     size_t n);

#endif
