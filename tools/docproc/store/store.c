/* SPDX-License-Identifier: MIT */
/*
 * Opening, closing, and looking up documents. A connection must not be used across fork(): each
 * process opens its own.
 */
#include "tools/docproc/store/store.h"
#include "tools/docproc/store/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- Waiting for others ------------------------------------------------- */

/* SQLite calls it while another process holds the lock that we need. 0: give up. */
static int wait_for_others(void *data, int n_waits)
{
	struct store *store = data;
	static const int naps_ms[] = { 1, 2, 5, 10, 20 };
	int longest = (int)(sizeof naps_ms / sizeof naps_ms[0]) - 1;
	int nap_ms = naps_ms[n_waits < longest ? n_waits : longest];
	int waited_ms = 0;

	for (int i = 0; i < n_waits && i < longest; i++)
		waited_ms += naps_ms[i];
	if (n_waits > longest)
		waited_ms += (n_waits - longest) * naps_ms[longest];
	if (waited_ms >= STORE_WAIT_MS)
		return 0;
	if (store->report && report_step(store->report, 0) == CANCELLED) {
		store->cancelled = true;
		return 0;
	}
	nanosleep(&(struct timespec){ .tv_nsec = nap_ms * 1000000L }, NULL);
	return 1;
}

/* ---- The file ----------------------------------------------------------- */

/* Create the file here, because SQLite would leave its mode to our umask; SQLite gives side files
 * the mode of the store. An existing file is never opened: closing it again would drop the locks
 * that this process holds on it through another connection. */
static int make_file(struct store *store, struct failure *failure)
{
	int fd = open(store->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0640);
	int error = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : store_fail_errno(store, errno, failure);
	if (fchmod(fd, 0640) != 0)
		error = errno;
	close(fd);
	return error ? store_fail_errno(store, error, failure) : 0;
}

static int look_at_file(struct store *store, struct failure *failure)
{
	struct stat file;

	if (stat(store->path, &file) != 0)
		return errno == ENOENT && store->read_only
			       ? store_fail_missing(store, failure)
			       : store_fail_errno(store, errno, failure);
	if (S_ISDIR(file.st_mode))
		return store_fail_errno(store, EISDIR, failure);
	if (!S_ISREG(file.st_mode))
		return store_fail_foreign(store, failure);
	if (faccessat(AT_FDCWD, store->path, store->read_only ? R_OK : R_OK | W_OK, AT_EACCESS) !=
	    0)
		return store_fail_errno(store, errno, failure);
	return 0;
}

/* ---- The connection ----------------------------------------------------- */

/* No temporary files: a sandboxed worker has no place for them. */
static int configure(struct store *store, struct failure *failure)
{
	int keep = 1, chunk = 32768;

	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_handler(store->db, wait_for_others, store);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Keep the side files: readers of other users cannot create them. */
	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	/* For store_reserve(): without it SQLite ignores hints about the size of the file. */
	sqlite3_file_control(store->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
	return store_run(store,
			 "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
			 "PRAGMA journal_size_limit = 16777216",
			 failure);
}

static int connect_to(struct store *store, struct failure *failure)
{
	int flags = SQLITE_OPEN_NOMUTEX |
		    (store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int result = store->read_only ? 0 : make_file(store, failure);

	if (result == 0)
		result = look_at_file(store, failure);
	if (result != 0)
		return result;
	if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
		return store_fail(store, failure);
	result = configure(store, failure);
	return result == 0 ? schema_open(store, failure) : result;
}

int store_open(const char *path, enum store_mode mode, struct store **ret_store,
	       struct failure *failure)
{
	struct store *store = calloc(1, sizeof *store);
	/* SQLite treats names like ":memory:" and "file:..." specially. */
	const char *here = path[0] == '/' ? "" : "./";
	int result;

	if (!store)
		return failure_set(failure, "Out of memory");
	store->read_only = mode == STORE_READ;
	if (snprintf(store->path, sizeof store->path, "%s%s", here, path) >=
	    (int)sizeof store->path)
		result = store_fail_errno(store, ENAMETOOLONG, failure);
	else
		result = connect_to(store, failure);
	if (result != 0) {
		store_close(store);
		return FAILED;
	}
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store->provider);
	free(store);
}

struct sqlite3 *store_handle(struct store *store)
{
	return store->db;
}

/* ---- Looking up --------------------------------------------------------- */

static void copy_column(char *to, size_t size, sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	snprintf(to, size, "%s", text ? (const char *)text : "");
}

/* 1, FAILED. */
static int read_document(struct store *store, sqlite3_stmt *row, struct store_document *document,
			 struct failure *failure)
{
	const unsigned char *summary = sqlite3_column_text(row, 8);

	copy_column(document->id, sizeof document->id, row, 0);
	copy_column(document->owner, sizeof document->owner, row, 1);
	copy_column(document->name, sizeof document->name, row, 2);
	copy_column(document->content_type, sizeof document->content_type, row, 3);
	copy_column(document->language, sizeof document->language, row, 4);
	document->pages = (uint32_t)sqlite3_column_int64(row, 5);
	document->created_at = sqlite3_column_int64(row, 6);
	document->finished_at = sqlite3_column_int64(row, 7);
	document->n_chunks = (uint32_t)sqlite3_column_int64(row, 9);
	document->summary = strdup(summary ? (const char *)summary : "");
	return document->summary ? 1 : store_fail_errno(store, ENOMEM, failure);
}

int store_get(struct store *store, const char *id, const char *owner,
	      struct store_document *ret_document, struct failure *failure)
{
	sqlite3_stmt *row = store_prepare(
		store,
		"SELECT id, user_id, filename, content_type, language, pages, created_at,"
		" finished_at, summary,"
		" (SELECT count(*) FROM chunk_rows WHERE document = number)"
		" FROM documents WHERE id = ?1 AND finished_at IS NOT NULL"
		" AND (?2 IS NULL OR user_id = ?2)",
		failure);
	struct store_document document = { 0 };
	int result = 0, code;

	if (!row)
		return FAILED;
	sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, owner, -1, SQLITE_STATIC); /* NULL binds NULL */
	code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		result = read_document(store, row, &document, failure);
	else if (code != SQLITE_DONE)
		result = store_fail(store, failure);
	sqlite3_finalize(row);
	if (result == 1)
		*ret_document = document;
	return result;
}
