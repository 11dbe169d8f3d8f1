/* SPDX-License-Identifier: MIT */
/*
 * Both rankings and the passages are read in one transaction, so that a document that is being
 * replaced is found either in its old or in its new version. The query's vector is computed before,
 * because an endpoint may take long.
 */
#include "tools/docproc/search/search.h"
#include "tools/docproc/search/passage.h"
#include "tools/docproc/search/ranking.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The depth of each ranking: a chunk that is further down in both is not among the best few. */
enum { DEPTH = 100 };

struct request {
	struct store *store;
	const char *owner;
	size_t limit, depth;
	struct query query;
	float *vector; /* NULL: by words only */
	unsigned dimension;
};

/* ---- The query ---------------------------------------------------------- */

static int embed(struct request *request, struct embedder *embedder, struct failure *failure)
{
	const char *text = request->query.text;
	int result = embedder_embed(embedder, &text, 1, NULL, &request->vector, failure);

	if (result != 0)
		return FAILED;
	request->dimension = embedder_dimension(embedder);
	/* 1: the store has no vectors yet to compare with. */
	result = store_check_provider(request->store, embedder_provider(embedder),
				      request->dimension, failure);
	return result == 1 ? 0 : result;
}

static int parse(struct request *request, const char *query, struct failure *failure)
{
	int error = query_parse(query, &request->query);

	if (error == -EILSEQ)
		return failure_set(failure, "The query is not UTF-8");
	return error ? failure_set(failure, "Out of memory") : 0;
}

/* ---- Hits --------------------------------------------------------------- */

static int fill(struct search_hit *hit, sqlite3_stmt *row, const struct query *query,
		struct failure *failure)
{
	const char *columns[5];

	for (int i = 0; i < 5; i++) {
		columns[i] = (const char *)sqlite3_column_text(row, i);
		if (!columns[i])
			return failure_set(failure, "Out of memory");
	}
	snprintf(hit->id, sizeof hit->id, "%s", columns[0]);
	snprintf(hit->name, sizeof hit->name, "%s", columns[1]);
	hit->heading = strdup(columns[2]);
	hit->passage = passage_choose(columns[3], columns[4], query);
	hit->page = (uint32_t)sqlite3_column_int64(row, 5);
	hit->position = (uint32_t)sqlite3_column_int64(row, 6);
	return hit->heading && hit->passage ? 0 : failure_set(failure, "Out of memory");
}

static int fetch(struct request *request, const struct ranking *best, struct search_hit *hits,
		 struct failure *failure)
{
	sqlite3_stmt *row = store_prepare(
		request->store,
		"SELECT d.id, d.filename, c.heading, c.text, d.language, c.page, c.position"
		" FROM chunk_rows c JOIN documents d ON d.number = c.document"
		" WHERE c.chunk = ?1",
		failure);
	int result = row ? 0 : FAILED;

	for (size_t i = 0; result == 0 && i < best->n; i++) {
		sqlite3_bind_int64(row, 1, best->entries[i].chunk);
		hits[i].score = best->entries[i].score;
		if (sqlite3_step(row) == SQLITE_ROW)
			result = fill(&hits[i], row, &request->query, failure);
		else
			result = store_fail(request->store, failure);
		sqlite3_reset(row);
	}
	sqlite3_finalize(row);
	return result;
}

static int collect(struct request *request, struct ranking *fused, struct search_hit **ret_hits,
		   struct failure *failure)
{
	struct search_hit *hits;
	int result;

	if (fused->n > request->limit)
		fused->n = request->limit;
	hits = calloc(fused->n + 1, sizeof *hits);
	if (!hits)
		return failure_set(failure, "Out of memory");
	result = fetch(request, fused, hits, failure);
	if (result != 0) {
		search_free(hits, (int)fused->n);
		return result;
	}
	*ret_hits = hits;
	return (int)fused->n;
}

/* ---- Searching ---------------------------------------------------------- */

/* Returns the number of hits, or FAILED. */
static int fuse(struct request *request, const struct ranking rankings[2],
		struct search_hit **ret_hits, struct failure *failure)
{
	struct ranking fused;
	int result;

	if (rank_fuse(rankings, 2, &fused) != 0)
		return failure_set(failure, "Out of memory");
	result = collect(request, &fused, ret_hits, failure);
	free(fused.entries);
	return result;
}

static int rank(struct request *request, struct search_hit **ret_hits, struct failure *failure)
{
	struct ranking rankings[2] = { 0 };
	int result = rank_words(request->store, &request->query, request->owner, request->depth,
				&rankings[0], failure);

	if (result == 0 && request->vector)
		result = rank_vectors(request->store, request->vector, request->dimension,
				      request->owner, request->depth, &rankings[1], failure);
	if (result == 0)
		result = fuse(request, rankings, ret_hits, failure);
	free(rankings[0].entries);
	free(rankings[1].entries);
	return result;
}

static int look(struct request *request, struct search_hit **ret_hits, struct failure *failure)
{
	int result = store_run(request->store, "BEGIN", failure);

	if (result != 0)
		return FAILED;
	result = rank(request, ret_hits, failure);
	sqlite3_exec(store_handle(request->store), "ROLLBACK", NULL, NULL, NULL);
	return result;
}

int search(struct store *store, struct embedder *embedder, const char *owner, const char *query,
	   size_t limit, struct search_hit **ret_hits, struct failure *failure)
{
	struct request request = { .store = store,
				   .owner = owner,
				   .limit = limit,
				   .depth = limit > DEPTH ? limit : DEPTH };
	int result = parse(&request, query, failure);

	if (result == 0 && embedder)
		result = embed(&request, embedder, failure);
	if (result == 0)
		result = look(&request, ret_hits, failure);
	free(request.vector);
	query_free(&request.query);
	return result;
}

void search_free(struct search_hit *hits, int n)
{
	for (int i = 0; hits && i < n; i++) {
		free(hits[i].heading);
		free(hits[i].passage);
	}
	free(hits);
}
