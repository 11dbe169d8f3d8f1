/* SPDX-License-Identifier: MIT */
/*
 * SQL selects the owner's chunks before anything is ranked: other users' chunks can neither be
 * found nor displace the owner's.
 */
#include "tools/docproc/search/ranking.h"
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OWN " d.finished_at IS NOT NULL AND (?1 IS NULL OR d.user_id = ?1)"

static int reserve(struct ranking *ranking, size_t room, struct failure *failure)
{
	*ranking =
		(struct ranking){ .entries = calloc(room, sizeof *ranking->entries), .room = room };
	return ranking->entries ? 0 : failure_set(failure, "Out of memory");
}

static void release(struct ranking *ranking)
{
	free(ranking->entries);
	*ranking = (struct ranking){ 0 };
}

/* ---- By words ----------------------------------------------------------- */

/* For bm25(), lower is better. Words in a heading count twice. */
static const char BY_WORDS[] =
	"SELECT c.chunk, bm25(chunks_fts, 2.0, 1.0, 1.0) AS worse"
	" FROM chunks_fts JOIN chunk_rows c ON c.chunk = chunks_fts.rowid"
	" JOIN documents d ON d.number = c.document"
	" WHERE chunks_fts MATCH ?2 AND" OWN " ORDER BY worse, c.chunk LIMIT ?3";

static int read_words(struct store *store, sqlite3_stmt *rows, struct ranking *ranking,
		      struct failure *failure)
{
	int code;

	while ((code = sqlite3_step(rows)) == SQLITE_ROW && ranking->n < ranking->room)
		ranking->entries[ranking->n++] = (struct ranked){ sqlite3_column_int64(rows, 0),
								  -sqlite3_column_double(rows, 1) };
	return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : store_fail(store, failure);
}

int rank_words(struct store *store, const struct query *query, const char *owner, size_t room,
	       struct ranking *ret_ranking, struct failure *failure)
{
	sqlite3_stmt *rows;
	char *match;
	int result = reserve(ret_ranking, room, failure);

	if (result != 0 || query->n_terms == 0)
		return result;
	match = query_match(query);
	rows = match ? store_prepare(store, BY_WORDS, failure) : NULL;
	if (rows) {
		sqlite3_bind_text(rows, 1, owner, -1, SQLITE_STATIC);
		sqlite3_bind_text(rows, 2, match, -1, SQLITE_STATIC);
		sqlite3_bind_int64(rows, 3, (int64_t)room);
		result = read_words(store, rows, ret_ranking, failure);
	} else {
		result = match ? FAILED : failure_set(failure, "Out of memory");
	}
	sqlite3_finalize(rows);
	sqlite3_free(match);
	if (result != 0)
		release(ret_ranking);
	return result;
}

/* ---- By vectors --------------------------------------------------------- */

/* The cosines of unrelated n-dimensional vectors spread around 0 by 1/sqrt(n); up to three times
 * that may be chance. */
static double chance(unsigned dimension)
{
	return 3 / sqrt((double)dimension);
}

enum { LANES = 8 }; /* independent sums */

/* stored: little-endian, perhaps unaligned. The query's length is the same for all and left out. */
static double cosine(const float *vector, const unsigned char *stored, unsigned dimension)
{
	float product[LANES] = { 0 }, square[LANES] = { 0 };
	double sum = 0, length = 0;

	for (unsigned i = 0; i < dimension; i++) {
		uint32_t bits;
		float value;

		memcpy(&bits, stored + (size_t)i * sizeof bits, sizeof bits);
		bits = le32toh(bits);
		memcpy(&value, &bits, sizeof value);
		product[i % LANES] += vector[i] * value;
		square[i % LANES] += value * value;
	}
	for (size_t lane = 0; lane < LANES; lane++) {
		sum += (double)product[lane];
		length += (double)square[lane];
	}
	return length > 0 ? sum / sqrt(length) : 0;
}

/* Insert an entry in order, if it is among the best. */
static void insert(struct ranking *ranking, int64_t chunk, double score)
{
	size_t at;

	if (ranking->n < ranking->room)
		at = ranking->n++;
	else if (score > ranking->entries[ranking->n - 1].score)
		at = ranking->n - 1;
	else
		return;
	/* Entries with equal scores stay in the order of the chunks. */
	for (; at > 0 && score > ranking->entries[at - 1].score; at--)
		ranking->entries[at] = ranking->entries[at - 1];
	ranking->entries[at] = (struct ranked){ chunk, score };
}

static int read_vectors(struct store *store, sqlite3_stmt *rows, const float *vector,
			unsigned dimension, struct ranking *ranking, struct failure *failure)
{
	double least = chance(dimension), length = 0;
	int code;

	for (unsigned i = 0; i < dimension; i++)
		length += (double)vector[i] * (double)vector[i];
	length = sqrt(length);
	if (!(length > 0) || !isfinite(length))
		return 0;
	while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
		const unsigned char *stored = sqlite3_column_blob(rows, 1);
		double score;

		if (!stored || sqlite3_column_bytes(rows, 1) != (int)(dimension * sizeof *vector))
			return store_fail_damaged(store, failure);
		score = cosine(vector, stored, dimension) / length;
		if (score > least) /* false for NaN */
			insert(ranking, sqlite3_column_int64(rows, 0), score);
	}
	return code == SQLITE_DONE ? 0 : store_fail(store, failure);
}

int rank_vectors(struct store *store, const float *vector, unsigned dimension, const char *owner,
		 size_t room, struct ranking *ret_ranking, struct failure *failure)
{
	sqlite3_stmt *rows;
	int result = reserve(ret_ranking, room, failure);

	if (result != 0)
		return result;
	rows = store_prepare(store,
			     "SELECT c.chunk, v.embedding FROM documents d"
			     " JOIN chunk_rows c ON c.document = d.number"
			     " JOIN vector_rows v ON v.chunk = c.chunk"
			     " WHERE" OWN " ORDER BY c.document, c.position",
			     failure);
	if (rows) {
		sqlite3_bind_text(rows, 1, owner, -1, SQLITE_STATIC);
		result = read_vectors(store, rows, vector, dimension, ret_ranking, failure);
	} else {
		result = FAILED;
	}
	sqlite3_finalize(rows);
	if (result != 0)
		release(ret_ranking);
	return result;
}

/* ---- By both ------------------------------------------------------------ */

/* Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
 * learning methods", SIGIR 2009: the sum of 1 / (k + rank), with ranks from 1 and their k. So
 * scores of different kinds need no common scale. */
enum { FUSE_K = 60 };

static void add(struct ranking *fused, int64_t chunk, double score)
{
	for (size_t i = 0; i < fused->n; i++)
		if (fused->entries[i].chunk == chunk) {
			fused->entries[i].score += score;
			return;
		}
	fused->entries[fused->n++] = (struct ranked){ chunk, score };
}

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->chunk > y->chunk) - (x->chunk < y->chunk);
}

int rank_fuse(const struct ranking *rankings, size_t n, struct ranking *ret_fused)
{
	size_t room = 1;

	for (size_t i = 0; i < n; i++)
		room += rankings[i].n;
	*ret_fused = (struct ranking){ .entries = calloc(room, sizeof *ret_fused->entries),
				       .room = room };
	if (!ret_fused->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		for (size_t rank = 0; rank < rankings[i].n; rank++)
			add(ret_fused, rankings[i].entries[rank].chunk,
			    1.0 / (double)(FUSE_K + rank + 1));
	qsort(ret_fused->entries, ret_fused->n, sizeof *ret_fused->entries, compare);
	return 0;
}
