/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/board/documents.h"
#include "tools/common/log.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { BUSY_MS = 2, CALM_S = 1, AGAIN_S = 1 };

struct documents {
	const char *path; /* "": no store is configured */
	sqlite3 *database;
	sqlite3_stmt *query;
	struct stat opened; /* the file that is open, or that failed to open */
	bool seen;          /* the file has existed at some time */
	char trouble[256];
	time_t tried, busy; /* CLOCK_MONOTONIC seconds */
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec + 1; /* never 0 */
}

static void let_go(struct documents *documents)
{
	(void)sqlite3_finalize(documents->query);
	(void)sqlite3_close(documents->database);
	documents->query = NULL;
	documents->database = NULL;
}

/* Said once for as long as it stays the same. */
static void note_trouble(struct documents *documents, const char *what)
{
	char trouble[sizeof documents->trouble];

	snprintf(trouble, sizeof trouble, "the document store cannot be read: %s", what);
	if (strcmp(trouble, documents->trouble) != 0)
		log_warning("%s: %s; answering from the board alone", documents->path, trouble);
	memcpy(documents->trouble, trouble, sizeof trouble);
}

/* While SQLite waits for a lock, all requests wait: allow it once a second, and only briefly. */
static void be_patient(struct documents *documents)
{
	bool calm = now_s() - documents->busy > CALM_S;

	(void)sqlite3_busy_timeout(documents->database, calm ? BUSY_MS : 0);
}

/* Trouble may pass by the next question, unless the file itself is not a store. */
static int failed(struct documents *documents, int result)
{
	note_trouble(documents, documents->database ? sqlite3_errmsg(documents->database)
						    : sqlite3_errstr(result));
	if (result == SQLITE_BUSY)
		documents->busy = now_s();
	else if (result != SQLITE_ERROR) /* a table that does not exist yet */
		let_go(documents);
	return -EIO;
}

static int open_store(struct documents *documents)
{
	int result =
		sqlite3_open_v2(documents->path, &documents->database, SQLITE_OPEN_READONLY, NULL);

	documents->tried = now_s();
	return result == SQLITE_OK ? 0 : failed(documents, result);
}

static int prepare(struct documents *documents)
{
	/* For a missing document, the query reads the one after it, so that both cases do the same
	 * work. */
	static const char sql[] = "SELECT id, user_id, finished_at IS NOT NULL FROM documents "
				  "WHERE id >= ?1 ORDER BY id LIMIT 1";

	be_patient(documents);
	int result =
		sqlite3_prepare_v2(documents->database, sql, sizeof sql, &documents->query, NULL);
	return result == SQLITE_OK ? 0 : failed(documents, result);
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* 0: there is no store, and never was; 1: the file exists; -EIO: unknown. */
static int look(struct documents *documents, struct stat *ret_file)
{
	int error = stat(documents->path, ret_file) != 0 ? errno : 0;

	if (error == 0 && S_ISREG(ret_file->st_mode)) {
		documents->seen = true;
		return 1;
	}
	bool missing = error == ENOENT || error == ENOTDIR;
	/* Opening a FIFO would block until its other end is opened. */
	note_trouble(documents, error == 0 ? "it is no regular file" : strerror(error));
	let_go(documents);
	documents->opened = (struct stat){ .st_ino = 0 };
	return missing && !documents->seen ? 0 : -EIO;
}

/* 1: the store can be queried; otherwise as look(). */
static int ready(struct documents *documents)
{
	struct stat file;
	int found = look(documents, &file);

	if (found <= 0)
		return found;
	/* An open database would keep answering from a file that was removed or replaced. */
	bool same = same_file(&file, &documents->opened);
	if (!same)
		let_go(documents);
	/* A file that failed to open is tried again when it has changed, or after a while. */
	if (!documents->database && same && same_time(file.st_ctim, documents->opened.st_ctim) &&
	    now_s() - documents->tried < AGAIN_S)
		return -EIO;
	documents->opened = file;
	if (!documents->database && open_store(documents) < 0)
		return -EIO;
	return documents->query || prepare(documents) == 0 ? 1 : -EIO;
}

int documents_open(const struct config *config, struct documents **ret_documents)
{
	struct documents *documents = calloc(1, sizeof *documents);

	if (!documents)
		return -ENOMEM;
	documents->path = config->store;
	*ret_documents = documents;
	if (documents->path[0] != '\0')
		(void)ready(documents);
	return 0;
}

void documents_close(struct documents *documents)
{
	if (!documents)
		return;
	let_go(documents);
	free(documents);
}

static bool is_text(sqlite3_stmt *query, int column, const char *text)
{
	const unsigned char *value = sqlite3_column_text(query, column);
	size_t size = (size_t)sqlite3_column_bytes(query, column);

	return value && size == strlen(text) && memcmp(value, text, size) == 0;
}

/* Compare everything, even if the first comparison fails: the time must not depend on it. */
static bool is_finished(sqlite3_stmt *query, const char *id, const char *owner)
{
	bool same = is_text(query, 0, id), owned = is_text(query, 1, owner);

	return (same & owned & (sqlite3_column_int(query, 2) != 0)) != 0;
}

int documents_finished(struct documents *documents, const char *id, const char *owner)
{
	bool finished;
	int result;

	if (documents->path[0] == '\0')
		return 0;
	int found = ready(documents);
	if (found <= 0)
		return found;
	be_patient(documents);
	(void)sqlite3_bind_text(documents->query, 1, id, -1, SQLITE_STATIC);
	result = sqlite3_step(documents->query);
	if (result != SQLITE_ROW && result != SQLITE_DONE) {
		/* Finalize the statement first: it keeps the database open. */
		(void)sqlite3_reset(documents->query);
		return failed(documents, result);
	}
	finished = result == SQLITE_ROW && is_finished(documents->query, id, owner);
	(void)sqlite3_reset(documents->query);
	documents->trouble[0] = '\0';
	return finished;
}

const char *documents_trouble(const struct documents *documents)
{
	return documents->trouble;
}
