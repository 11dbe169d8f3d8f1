/* SPDX-License-Identifier: MIT */
/*
 * An attempt is written beside the finished document with the same id, and swapped with it at the
 * end. A process that died leaves a row whose finished_at is NULL.
 *
 * Only the last step is synced to survive a power failure. If earlier steps are lost, they belonged
 * to an attempt, which a power failure ends anyway; and the last commit also syncs what came before
 * it.
 */
#include "tools/docproc/language/terms.h"
#include "tools/docproc/store/schema.h"
#include "tools/docproc/store/store.h"
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_SIZE = TRACKD_ID_MAX + sizeof SCHEMA_ATTEMPT };

static void attempt_key(char ret_key[KEY_SIZE], const char *id)
{
	snprintf(ret_key, KEY_SIZE, "%.*s" SCHEMA_ATTEMPT, TRACKD_ID_MAX, id);
}

/* ---- The provider of the vectors ---------------------------------------- */

static int other_provider(const struct store *store, const char *ours, unsigned our_dimension,
			  const char *theirs, int64_t dimension, struct failure *failure)
{
	failure_set(failure, "The document store holds vectors of another kind");
	return failure_advise(
		failure,
		"%.512s has vectors of %.160s (%lld dimensions), configured are %.160s (%u): name "
		"a new store with --store, or move this one away, and "
		"process all documents again",
		store->path, theirs, (long long)dimension, ours, our_dimension);
}

int store_check_provider(struct store *store, const char *provider, unsigned dimension,
			 struct failure *failure)
{
	sqlite3_stmt *row = store_prepare(store, "SELECT name, dimension FROM provider", failure);
	int result = 0, code;

	if (!row)
		return FAILED;
	code = sqlite3_step(row);
	if (code == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		int64_t settled = sqlite3_column_int64(row, 1);

		if (!name || strcmp(name, provider) != 0 ||
		    (dimension != 0 && settled != dimension))
			result = other_provider(store, provider, dimension, name ? name : "",
						settled, failure);
	} else {
		result = code == SQLITE_DONE ? 1 : store_fail(store, failure);
	}
	sqlite3_finalize(row);
	return result;
}

static int settle(struct store *store, const char *provider, unsigned dimension,
		  struct failure *failure)
{
	sqlite3_stmt *row = store_prepare(
		store, "INSERT INTO provider (only, name, dimension) VALUES (1, ?1, ?2)", failure);
	int result;

	if (!row)
		return FAILED;
	sqlite3_bind_text(row, 1, provider, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 2, dimension);
	result = store_step(store, row, failure);
	sqlite3_finalize(row);
	return result;
}

/* While the store has no vectors, each attempt sets provider and dimension, so that a failed first
 * attempt with a wrong setting does not fix it. store_put() checks again. */
static int settle_anew(struct store *store, const char *provider, unsigned dimension,
		       struct failure *failure)
{
	int result = store_run(store,
			       "DELETE FROM provider WHERE NOT EXISTS (SELECT 1 FROM vector_rows)",
			       failure);

	if (result == 0)
		result = store_check_provider(store, provider, dimension, failure);
	return result == 1 ? settle(store, provider, dimension, failure) : result;
}

int store_provider(struct store *store, const char *provider, unsigned dimension,
		   struct failure *failure)
{
	int result;

	assert(!store->read_only);
	free(store->provider);
	store->provider = NULL;
	result = store_begin(store, STORE_PROCESS, NULL, failure);
	if (result == 0)
		result =
			store_end(store, settle_anew(store, provider, dimension, failure), failure);
	if (result != 0)
		return result;
	store->provider = strdup(provider);
	return store->provider ? 0 : failure_set(failure, "Out of memory");
}

/* Another process may have set another provider since. store->provider is NULL if ours was
 * refused. */
static int check_vectors(struct store *store, const struct store_attempt *attempt,
			 struct failure *failure)
{
	const char *provider = store->provider ? store->provider : "";
	int result = store_check_provider(store, provider, attempt->dimension, failure);

	return result == 1 ? settle(store, provider, attempt->dimension, failure) : result;
}

/* ---- Writing an attempt ------------------------------------------------- */

/* 0, FAILED, CANCELLED. */
static int delete_key(struct store *store, const char *key, struct failure *failure)
{
	sqlite3_stmt *row = store_prepare(store, "DELETE FROM documents WHERE id = ?1", failure);
	int result;

	if (!row)
		return FAILED;
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	result = store_step(store, row, failure);
	sqlite3_finalize(row);
	return result;
}

static int add_document(struct store *store, const struct store_attempt *attempt, const char *key,
			struct failure *failure)
{
	sqlite3_stmt *row =
		store_prepare(store,
			      "INSERT INTO documents (id, user_id, filename, content_type, pages,"
			      " language, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			      failure);
	int result;

	if (!row)
		return FAILED;
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, attempt->owner, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, attempt->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 4, attempt->content_type, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 5, attempt->pages);
	sqlite3_bind_text(row, 6, attempt->chunks->language, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 7, attempt->created_at);
	result = store_step(store, row, failure);
	sqlite3_finalize(row);
	return result;
}

/* The statements that run once per chunk, and the encoded vector. */
struct writer {
	sqlite3_stmt *chunk, *vector;
	uint32_t *embedding;
	int64_t document;
};

static int writer_open(struct writer *writer, struct store *store,
		       const struct store_attempt *attempt, struct failure *failure)
{
	writer->document = sqlite3_last_insert_rowid(store->db);
	writer->chunk = store_prepare(store,
				      "INSERT INTO chunk_rows (document, position, page, heading,"
				      " text, spaceless) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
				      failure);
	if (!writer->chunk)
		return FAILED;
	writer->vector = store_prepare(
		store, "INSERT INTO vector_rows (chunk, embedding) VALUES (?1, ?2)", failure);
	if (!writer->vector)
		return FAILED;
	writer->embedding = malloc((attempt->dimension + 1) * sizeof *writer->embedding);
	return writer->embedding ? 0 : failure_set(failure, "Out of memory");
}

static void writer_close(struct writer *writer)
{
	sqlite3_finalize(writer->chunk);
	sqlite3_finalize(writer->vector);
	free(writer->embedding);
}

static int add_vector(struct store *store, struct writer *writer, const float *vector,
		      unsigned dimension, struct failure *failure)
{
	memcpy(writer->embedding, vector, dimension * sizeof *vector);
	for (unsigned i = 0; i < dimension; i++)
		writer->embedding[i] = htole32(writer->embedding[i]);
	sqlite3_bind_int64(writer->vector, 1, sqlite3_last_insert_rowid(store->db));
	sqlite3_bind_blob64(writer->vector, 2, writer->embedding,
			    dimension * sizeof *writer->embedding, SQLITE_STATIC);
	return store_step(store, writer->vector, failure);
}

static int add_chunk(struct store *store, struct writer *writer, const struct chunk *chunk,
		     size_t position, struct failure *failure)
{
	char *spaceless = terms_spaceless(chunk->heading, chunk->text);
	int result;

	if (!spaceless)
		return failure_set(failure, "Out of memory");
	sqlite3_bind_int64(writer->chunk, 1, writer->document);
	sqlite3_bind_int64(writer->chunk, 2, (int64_t)position);
	sqlite3_bind_int64(writer->chunk, 3, chunk->page);
	sqlite3_bind_text(writer->chunk, 4, chunk->heading, -1, SQLITE_STATIC);
	sqlite3_bind_text(writer->chunk, 5, chunk->text, -1, SQLITE_STATIC);
	sqlite3_bind_text(writer->chunk, 6, spaceless, -1, SQLITE_STATIC);
	result = store_step(store, writer->chunk, failure);
	sqlite3_clear_bindings(writer->chunk);
	free(spaceless);
	return result;
}

static int add_chunks(struct store *store, const struct store_attempt *attempt,
		      struct report *report, struct failure *failure)
{
	struct writer writer = { 0 };
	int result = writer_open(&writer, store, attempt, failure);

	for (size_t i = 0; result == 0 && i < attempt->chunks->n_chunks; i++) {
		result = add_chunk(store, &writer, &attempt->chunks->chunks[i], i, failure);
		if (result == 0)
			result = add_vector(store, &writer,
					    attempt->vectors + i * attempt->dimension,
					    attempt->dimension, failure);
		if (result == 0 && report)
			result = report_step(report, 1);
	}
	writer_close(&writer);
	return result;
}

static int add_attempt(struct store *store, const struct store_attempt *attempt,
		       struct report *report, struct failure *failure)
{
	char key[KEY_SIZE];
	int result = check_vectors(store, attempt, failure);

	attempt_key(key, attempt->id);
	if (result == 0)
		result = delete_key(store, key, failure);
	if (result == 0)
		result = add_document(store, attempt, key, failure);
	if (result == 0)
		result = add_chunks(store, attempt, report, failure);
	return result == 0 ? store_reserve(store, failure) : result;
}

int store_put(struct store *store, const struct store_attempt *attempt, struct report *report,
	      struct failure *failure)
{
	int result;

	assert(!store->read_only);
	result = store_begin(store, STORE_PROCESS, report, failure);
	if (result != 0)
		return result;
	result = store_end(store, add_attempt(store, attempt, report, failure), failure);
	if (result == 0)
		store_copy_log(store);
	return result;
}

/* ---- Ending an attempt -------------------------------------------------- */

static int swap(struct store *store, const char *id, const char *summary, struct failure *failure)
{
	char key[KEY_SIZE];
	sqlite3_stmt *row;
	int result = delete_key(store, id, failure);

	if (result != 0)
		return result;
	row = store_prepare(store,
			    "UPDATE documents SET id = ?2, summary = ?3, finished_at = ?4"
			    " WHERE id = ?1",
			    failure);
	if (!row)
		return FAILED;
	attempt_key(key, id);
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, summary, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 4, time(NULL));
	result = store_step(store, row, failure);
	sqlite3_finalize(row);
	/* Without an attempt, the rollback restores the earlier document. */
	if (result == 0 && sqlite3_changes(store->db) != 1)
		result = failure_set(failure, "The document left the store while it was processed");
	return result;
}

int store_finish(struct store *store, const char *id, const char *summary, struct failure *failure)
{
	int result;

	assert(!store->read_only);
	result = store_begin(store, STORE_POWER, NULL, failure);
	if (result != 0)
		return result;
	return store_end(store, swap(store, id, summary, failure), failure);
}

int store_abandon(struct store *store, const char *id, struct failure *failure)
{
	char key[KEY_SIZE];
	int result;

	assert(!store->read_only);
	result = store_begin(store, STORE_PROCESS, NULL, failure);
	if (result != 0)
		return result;
	if (id) {
		attempt_key(key, id);
		result = delete_key(store, key, failure);
	} else {
		result = store_run(store, "DELETE FROM documents WHERE finished_at IS NULL",
				   failure);
	}
	return store_end(store, result, failure);
}
