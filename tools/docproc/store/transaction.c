/* SPDX-License-Identifier: MIT */
/*
 * Statements and transactions of the store. Every writing transaction starts with BEGIN IMMEDIATE:
 * it waits for other writers in one place, before it reads anything, and SQLite never refuses it the
 * write lock later.
 *
 * If the disk becomes full after an attempt was written, it must still be possible to finish or
 * remove it. Both need room in the write-ahead log, which can be reused only after it was copied
 * into the file. So store_reserve() sets the file's size while the commit can still fail, and
 * store_copy_log() copies at once; later writes reuse the log from its beginning and need no
 * further space.
 */
#include "tools/docproc/store/database.h"
#include <errno.h>
#include <sys/resource.h>

sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct failure *failure)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
		store_fail(store, failure);
	return statement;
}

int store_run(struct store *store, const char *sql, struct failure *failure)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(store, failure);
	return 0;
}

int store_step(struct store *store, sqlite3_stmt *statement, struct failure *failure)
{
	int result = 0, code;

	do
		code = sqlite3_step(statement);
	while (code == SQLITE_ROW);
	if (code != SQLITE_DONE)
		result = store_fail(store, failure);
	sqlite3_reset(statement);
	return result;
}

int store_number(struct store *store, const char *sql, int64_t *ret_number, struct failure *failure)
{
	sqlite3_stmt *statement = store_prepare(store, sql, failure);
	int result = 0;

	if (!statement)
		return FAILED;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	else
		result = store_fail(store, failure);
	sqlite3_finalize(statement);
	return result;
}

/* STORE_POWER syncs the write-ahead log at every commit, STORE_PROCESS only when it is copied
 * back. */
int store_begin(struct store *store, enum store_durability durability, struct report *report,
		struct failure *failure)
{
	int result;

	store->report = report;
	store->cancelled = false;
	result = store_run(store,
			   durability == STORE_POWER ? "PRAGMA synchronous = FULL"
						     : "PRAGMA synchronous = NORMAL",
			   failure);
	if (result == 0)
		result = store_run(store, "BEGIN IMMEDIATE", failure);
	if (result != 0)
		store->report = NULL;
	return result;
}

int store_end(struct store *store, int result, struct failure *failure)
{
	if (result == 0)
		result = store_run(store, "COMMIT", failure);
	/* SQLite may have rolled back by itself, for example on a full disk. */
	if (sqlite3_get_autocommit(store->db) == 0)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->report = NULL;
	return result;
}

static bool over_limit(int64_t bytes)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < (rlim_t)bytes;
}

int store_reserve(struct store *store, struct failure *failure)
{
	/* FTS5 keeps new entries in memory until a commit or a savepoint. */
	int result = store_run(store, "SAVEPOINT indexed; RELEASE indexed", failure);
	int64_t pages = 0, page_size = 0;
	sqlite3_int64 bytes;

	if (result == 0)
		result = store_number(store, "PRAGMA page_count", &pages, failure);
	if (result == 0)
		result = store_number(store, "PRAGMA page_size", &page_size, failure);
	if (result != 0)
		return result;
	bytes = pages * page_size;
	if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_SIZE_HINT, &bytes) == SQLITE_OK)
		return 0;
	/* SQLite does not say which of the two limits was reached. */
	return store_fail_errno(store, over_limit(bytes) ? EFBIG : ENOSPC, failure);
}

void store_copy_log(struct store *store)
{
	sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}
