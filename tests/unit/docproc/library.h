/* SPDX-License-Identifier: MIT */
/* A document store in a folder of the test, and documents to put into it. */
#ifndef TESTS_DOCPROC_LIBRARY_H
#define TESTS_DOCPROC_LIBRARY_H

#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/docproc/store/store.h"
#include <errno.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { LIBRARY_DIMENSION = 64, LIBRARY_CHUNKS_MAX = 1024 };

#define LIBRARY_PROVIDER "test-1"

struct library {
	char folder[128], path[256];
	struct store *store;
	struct failure failure;
};

static inline struct store *library_connect(struct library *library, enum store_mode mode)
{
	struct store *store = NULL;

	if (store_open(library->path, mode, &store, &library->failure) != 0)
		harness_die("%s (%s)", library->failure.error, library->failure.advice);
	return store;
}

/* A path where nothing is, in the one folder of this program. */
static inline void library_place(struct library *library)
{
	static const char *const files[] = { "", "-wal", "-shm" };
	static char folder[128];

	if (folder[0] == '\0')
		harness_folder(folder, sizeof folder);
	memset(library, 0, sizeof *library);
	snprintf(library->folder, sizeof library->folder, "%s", folder);
	snprintf(library->path, sizeof library->path, "%s/documents.db", folder);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[300];

		snprintf(path, sizeof path, "%s%s", library->path, files[i]);
		unlink(path);
	}
}

/* A new store, with vectors of LIBRARY_PROVIDER. */
static inline void library_open(struct library *library)
{
	library_place(library);
	library->store = library_connect(library, STORE_WRITE);
	HARNESS_MUST(store_provider(library->store, LIBRARY_PROVIDER, LIBRARY_DIMENSION,
				    &library->failure));
}

static inline void library_close(struct library *library)
{
	store_close(library->store);
}

/* For cmocka: a new one for each test, which is its state. */
static inline int library_setup(void **state)
{
	static struct library library;

	library_open(&library);
	*state = &library;
	return 0;
}

static inline int library_teardown(void **state)
{
	library_close(*state);
	return 0;
}

#define LIBRARY_TEST(name) cmocka_unit_test_setup_teardown(name, library_setup, library_teardown)

/* In a mount namespace of this process: its folder becomes a disk of that size, "2m". */
static inline void library_on_small_disk(struct library *library, const char *size)
{
	char options[32];

	library_place(library);
	snprintf(options, sizeof options, "size=%s", size);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("small", library->folder, "tmpfs", 0, options) != 0)
		harness_die("a small disk: %s", strerror(errno));
}

/* A vector that points where position says. It is 2 long: length is to make no difference. */
static inline void library_vector(float ret_vector[LIBRARY_DIMENSION], size_t position)
{
	memset(ret_vector, 0, LIBRARY_DIMENSION * sizeof *ret_vector);
	ret_vector[position % LIBRARY_DIMENSION] = 2;
}

/* Put an attempt at a document of n chunks. What store_put() returned. */
static inline int library_put_reported(struct library *library, const char *id, const char *owner,
				       size_t n, const char *const *texts, struct report *report)
{
	static struct chunk chunks[LIBRARY_CHUNKS_MAX];
	static float vectors[LIBRARY_CHUNKS_MAX][LIBRARY_DIMENSION];
	struct chunks all = { .chunks = chunks, .n_chunks = n, .language = "en" };
	struct store_attempt attempt = { .id = id,
					 .owner = owner,
					 .name = "report.pdf",
					 .content_type = "application/pdf",
					 .pages = 7,
					 .created_at = 1700000000,
					 .chunks = &all,
					 .vectors = &vectors[0][0],
					 .dimension = LIBRARY_DIMENSION };

	for (size_t i = 0; i < n; i++) {
		chunks[i] = (struct chunk){ .text = (char *)texts[i],
					    .heading = (char *)(i == 0 ? "" : "Findings"),
					    .page = (uint32_t)i + 1 };
		library_vector(vectors[i], i);
	}
	return store_put(library->store, &attempt, report, &library->failure);
}

static inline int library_put(struct library *library, const char *id, const char *owner, size_t n,
			      const char *const *texts)
{
	return library_put_reported(library, id, owner, n, texts, NULL);
}

/* Put a document and finish it, or die. */
static inline void library_add(struct library *library, const char *id, const char *owner, size_t n,
			       const char *const *texts)
{
	if (library_put(library, id, owner, n, texts) != 0 ||
	    store_finish(library->store, id, "In short.", &library->failure) != 0)
		harness_die("%s: %s (%s)", id, library->failure.error, library->failure.advice);
}

static inline void library_add_text(struct library *library, const char *id, const char *owner,
				    const char *text)
{
	library_add(library, id, owner, 1, &text);
}

/* The first number that a statement answers, asked as anybody with SQLite would. */
static inline int64_t library_number(struct store *store, const char *sql)
{
	sqlite3_stmt *row;
	int64_t number;

	if (sqlite3_prepare_v2(store_handle(store), sql, -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW)
		harness_die("%s: %s", sql, sqlite3_errmsg(store_handle(store)));
	number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return number;
}

/* What is wrong with the store as a whole: the pages, the references, the index against the chunks.
 * NULL if nothing is. The store is open to write. */
static inline const char *library_fault(struct store *store)
{
	sqlite3 *db = store_handle(store);
	sqlite3_stmt *row;
	static char fault[256];

	fault[0] = '\0';
	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW)
		snprintf(fault, sizeof fault, "%s", sqlite3_errmsg(db));
	else if (strcmp((const char *)sqlite3_column_text(row, 0), "ok") != 0)
		snprintf(fault, sizeof fault, "%s", (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	if (fault[0] == '\0' &&
	    library_number(store, "SELECT count(*) FROM pragma_foreign_key_check") != 0)
		snprintf(fault, sizeof fault, "a reference leads nowhere");
	if (fault[0] == '\0' && library_number(store, "SELECT (SELECT count(*) FROM chunk_rows) -"
						      " (SELECT count(*) FROM vector_rows)") != 0)
		snprintf(fault, sizeof fault, "not every chunk has a vector");
	/* rank = 1: against the content as well. */
	if (fault[0] == '\0' && sqlite3_exec(db,
					     "INSERT INTO chunks_fts (chunks_fts, rank)"
					     " VALUES ('integrity-check', 1)",
					     NULL, NULL, NULL) != SQLITE_OK)
		snprintf(fault, sizeof fault, "index: %s", sqlite3_errmsg(db));
	return fault[0] == '\0' ? NULL : fault;
}

#endif
