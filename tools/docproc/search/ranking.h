/* SPDX-License-Identifier: MIT */
/* Ranks the chunks of a store by relevance: by words, by vectors, and by both. */
#ifndef DOCPROC_SEARCH_RANKING_H
#define DOCPROC_SEARCH_RANKING_H

#include "tools/docproc/search/query.h"
#include "tools/docproc/store/database.h"
#include "tools/docproc/store/store.h"

struct ranked {
	int64_t chunk;
	double score; /* higher is better */
};

struct ranking {
	struct ranked *entries; /* best first; the caller frees them */
	size_t n, room;
};

/* Both rank at most `room` chunks of the owner's finished documents (NULL: any owner's). On failure
 * there is nothing to free. 0, FAILED. */
int rank_words(struct store *store, const struct query *query, const char *owner, size_t room,
	       struct ranking *ret_ranking, struct failure *failure);
int rank_vectors(struct store *store, const float *vector, unsigned dimension, const char *owner,
		 size_t room, struct ranking *ret_ranking, struct failure *failure);

/* Fuse n rankings by reciprocal rank. 0, -ENOMEM. */
int rank_fuse(const struct ranking *rankings, size_t n, struct ranking *ret_fused);

#endif
