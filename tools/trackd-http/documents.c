/* SPDX-License-Identifier: MIT */
#include "documents.h"
#include "tools/common/note.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { BUSY_MS = 50, AGAIN_S = 1 };

struct documents {
	const char *path; /* "": there is no store */
	sqlite3 *database;
	sqlite3_stmt *query;
	struct stat opened; /* the file that it is */
	char trouble[256];
	time_t tried, looked; /* CLOCK_MONOTONIC seconds */
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
		note_warning("%s: %s; answering from the board alone", documents->path, trouble);
	memcpy(documents->trouble, trouble, sizeof trouble);
}

static int attempt(struct documents *documents)
{
	/* A document that is not there is the one after it, so that what follows is the same work. */
	static const char sql[] = "SELECT id, user_id, finished_at IS NOT NULL FROM documents "
				  "WHERE id >= ?1 ORDER BY id LIMIT 1";
	int error;

	/* Before it is opened: if it is replaced between, we see it the next time. */
	if (stat(documents->path, &documents->opened) < 0) {
		note_trouble(documents, strerror(errno));
		return -EIO;
	}
	error = sqlite3_open_v2(documents->path, &documents->database, SQLITE_OPEN_READONLY, NULL);

	if (error == SQLITE_OK)
		error = sqlite3_busy_timeout(documents->database, BUSY_MS);
	if (error == SQLITE_OK)
		error = sqlite3_prepare_v2(documents->database, sql, sizeof sql, &documents->query,
					   NULL);
	if (error == SQLITE_OK)
		return 0;
	note_trouble(documents, documents->database ? sqlite3_errmsg(documents->database)
						    : sqlite3_errstr(error));
	let_go(documents);
	return -EIO;
}

static bool is_same_file(const struct documents *documents)
{
	struct stat now;

	return stat(documents->path, &now) == 0 && now.st_dev == documents->opened.st_dev &&
	       now.st_ino == documents->opened.st_ino;
}

static int ready(struct documents *documents)
{
	time_t now = now_s();

	/* A store that was taken away, or has another in its place, would go on to answer. */
	if (documents->query && documents->looked != now) {
		documents->looked = now;
		if (!is_same_file(documents))
			let_go(documents);
	}
	if (documents->query)
		return 0;
	if (documents->tried != 0 && now - documents->tried < AGAIN_S)
		return -EIO;
	documents->tried = now;
	return attempt(documents);
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

/* All of it is looked at, whatever the first says. */
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
	if (ready(documents) < 0)
		return -EIO;
	(void)sqlite3_bind_text(documents->query, 1, id, -1, SQLITE_STATIC);
	result = sqlite3_step(documents->query);
	if (result != SQLITE_ROW && result != SQLITE_DONE) {
		note_trouble(documents, sqlite3_errmsg(documents->database));
		/* Open it anew next time: it may have been replaced. */
		let_go(documents);
		documents->tried = now_s();
		return -EIO;
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
