/* SPDX-License-Identifier: MIT */
/* Chooses the one or two sentences of a chunk that answer a query best. */
#ifndef DOCPROC_SEARCH_PASSAGE_H
#define DOCPROC_SEARCH_PASSAGE_H

#include "tools/docproc/search/query.h"

enum { PASSAGE_MAX = 300 }; /* bytes */

/* The caller frees it; NULL if memory is out. language: the document's, ISO 639. */
char *passage_choose(const char *text, const char *language, const struct query *query);

struct passage_mark {
	size_t begin, end; /* bytes of the passage that match a term of the query */
};

/* At most n, in ascending order. Returns how many. */
size_t passage_marks(const char *passage, const struct query *query, struct passage_mark *ret_marks,
		     size_t n);

#endif
