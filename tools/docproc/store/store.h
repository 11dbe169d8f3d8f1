/* SPDX-License-Identifier: MIT */
/*
 * The processed documents, in SQLite: text, vectors, summaries. The database is in WAL mode. Its
 * side files are group-readable and are kept, so that other users can read without a running
 * writer.
 *
 * An attempt at a document is stored under a separate key, beside the document's existing version,
 * and replaces it in one transaction when it is finished; so a failed attempt loses nothing.
 */
#ifndef DOCPROC_STORE_STORE_H
#define DOCPROC_STORE_STORE_H

#include "tools/docproc/chunk/chunk.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Open the store; STORE_WRITE also creates missing files and tables. If it fails (no such file, no
 * permission, not a store, made by a newer version), the failure advises what to do. */
int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct failure *failure);
void store_close(struct store *store);

/* Call this before store_put(). All vectors of a store have the same provider and dimension. While
 * the store has no vectors, the latest call sets both; afterwards, a call with other values returns
 * FAILED, with advice. */
int store_provider(struct store *store, const char *provider, unsigned dimension,
		   struct failure *failure);

struct store_attempt {
	const char *id, *owner, *name, *content_type;
	uint32_t pages;
	int64_t created_at; /* Unix time, seconds */
	const struct chunks *chunks;
	const float *vectors; /* one a chunk */
	unsigned dimension;
};

/* Write an attempt, in one transaction. Reports chunks. 0, FAILED, CANCELLED: nothing of it is left.
 * It waits for other writers up to 5 s, as do the calls below, and checks for a request to cancel
 * meanwhile. A written attempt can be finished or abandoned even if the disk becomes full. */
int store_put(struct store *store, const struct store_attempt *attempt, struct report *report,
	      struct failure *failure);

/* The attempt becomes the document; finished_at is now. */
int store_finish(struct store *store, const char *id, const char *summary, struct failure *failure);

/* Remove an unfinished attempt, if there is one; id NULL: every one. A finished document stays. */
int store_abandon(struct store *store, const char *id, struct failure *failure);

struct store_document {
	char id[TRACKD_ID_MAX + 1], owner[TRACKD_OWNER_MAX + 1], name[TRACKD_NAME_MAX + 1];
	char content_type[128], language[8];
	uint32_t pages, n_chunks;
	int64_t created_at, finished_at;
	char *summary; /* the caller frees it */
};

/* Look up a finished document. owner NULL: any owner. 1: found, 0: not found, FAILED. */
int store_get(struct store *store, const char *id, const char *owner,
	      struct store_document *ret_document, struct failure *failure);

/* For search.c. */
struct sqlite3 *store_handle(struct store *store);

#endif
