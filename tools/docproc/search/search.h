/* SPDX-License-Identifier: MIT */
/*
 * Finds passages that answer a query: ranks chunks by words (FTS5's bm25) and by vectors (cosine),
 * and fuses both rankings by reciprocal rank (Cormack, Clarke and Buettcher, SIGIR 2009).
 */
#ifndef DOCPROC_SEARCH_SEARCH_H
#define DOCPROC_SEARCH_SEARCH_H

#include "tools/docproc/embed/embed.h"
#include "tools/docproc/store/store.h"

struct search_hit {
	char id[TRACKD_ID_MAX + 1], name[TRACKD_NAME_MAX + 1];
	char *heading, *passage; /* the best one or two sentences; search_free() frees them */
	uint32_t page, position; /* position: of the chunk in the document */
	double score;
};

/* Find the best hits, best first. owner: only this user's documents; "": those without an owner;
 * NULL: all. embedder: of the store's provider; NULL: search by words only. limit: 1 or more.
 * Returns the number of hits, or FAILED. */
int search(struct store *store, struct embedder *embedder, const char *owner, const char *query,
	   size_t limit, struct search_hit **ret_hits, struct failure *failure);
void search_free(struct search_hit *hits, int n);

#endif
