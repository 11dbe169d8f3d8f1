/* SPDX-License-Identifier: MIT */
/*
 * The documents that have been processed, in SQLite: text, vectors, summaries. WAL with side files
 * that stay, group-readable, so that another user may read while nobody writes.
 *
 * An attempt at a document is written beside what the store has of it, under a key of its own, and
 * takes its place in one transaction when it is finished; so a failed attempt loses nothing.
 */
#ifndef DOCPROC_STORE_STORE_H
#define DOCPROC_STORE_STORE_H

#include "tools/docproc/chunk/chunk.h"
#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens, and in STORE_WRITE makes what is missing. FAILED says what to do: no such file, no
 * permission, not a store, made by a newer version. */
int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct failure *failure);
void store_close(struct store *store);

/* Call this before store_put(). All vectors of a store are of one provider and dimension. The first
 * attempt settles it; another one is FAILED, with what to do. As long as there is no vector, whoever
 * comes last settles it. */
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
 * It waits for other writers up to 5 s, as do the calls below, and hears a request to cancel
 * meanwhile. What was written can be finished or abandoned though the disk becomes full. */
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

/* A finished document. owner NULL: whoever's it is. 1 found, 0 not, FAILED. */
int store_get(struct store *store, const char *id, const char *owner,
	      struct store_document *ret_document, struct failure *failure);

/* For search.c. */
struct sqlite3 *store_handle(struct store *store);

#endif
