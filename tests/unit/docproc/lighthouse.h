/* SPDX-License-Identifier: MIT */
/* A document in two versions, the old and the new; and what a library holds of them. */
#ifndef TESTS_DOCPROC_LIGHTHOUSE_H
#define TESTS_DOCPROC_LIGHTHOUSE_H

#include "tests/harness/suite.h"
#include "tests/unit/docproc/library.h"

static const char *const OLD[] = { "The old lighthouse stands in the north.",
				   "It was built of granite in 1811." };
static const char *const NEW[] = { "The new lighthouse stands in the south.", "It is of steel.",
				   "Nobody lives there." };

enum { N_OLD = 2, N_NEW = 3 };

/* Finish the old version, or the new one. */
static inline void add_old(struct library *library, const char *id)
{
	library_add(library, id, "alice", N_OLD, OLD);
}

static inline void add_new(struct library *library, const char *id)
{
	library_add(library, id, "alice", N_NEW, NEW);
}

/* An attempt at it. What store_put() returned. */
static inline int put_old(struct library *library, const char *id)
{
	return library_put(library, id, "alice", N_OLD, OLD);
}

static inline int put_new(struct library *library, const char *id)
{
	return library_put(library, id, "alice", N_NEW, NEW);
}

static inline void assert_sound(struct store *store)
{
	const char *fault = library_fault(store);

	if (fault)
		fail_msg("%s", fault);
}

/* Chunks of a finished document that a query of the index finds. */
static inline int64_t found(struct store *store, const char *word)
{
	char sql[256];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chunks_fts f JOIN chunk_rows c ON c.chunk = f.rowid"
		 " JOIN documents d ON d.number = c.document"
		 " WHERE chunks_fts MATCH '%s' AND d.finished_at IS NOT NULL",
		 word);
	return library_number(store, sql);
}

/* Chunks of a finished document; 0 if it is not there. */
static inline uint32_t chunks_of(struct library *library, const char *id)
{
	struct store_document document = { 0 };
	int result = store_get(library->store, id, NULL, &document, &library->failure);

	if (result < 0)
		fail_msg("%s", library->failure.error);
	free(document.summary);
	return document.n_chunks;
}

#endif
