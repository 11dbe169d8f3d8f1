/* SPDX-License-Identifier: MIT */
/*
 * Chunks refer to a document by its number, not by its id: so an attempt is stored completely
 * beside the document with the same id, and swapping the two changes one row, whatever its size.
 * That works even on a disk that has just become full. Other programs read the views, which use
 * ids.
 *
 * FTS5 tokenizes words with unicode61, with combining marks as letters (Hindi vowels are such
 * marks). It cannot split scripts without spaces; for those the column `spaceless` holds every pair
 * of neighbouring characters (terms.h). Pairs and not FTS5's trigrams, because most Chinese and
 * Japanese words have two characters; and in the same index, so that bm25 weighs both kinds
 * together.
 *
 * Triggers keep the index in step with the chunks, also when removing a document removes its
 * chunks.
 *
 * The table of vectors has rowids: WITHOUT ROWID tables keep rows in index pages, where a row longer
 * than a quarter of a page overflows into a separate page, and a vector is longer than that.
 */
#include "tools/docproc/store/schema.h"
#include <time.h>

static const char SCHEMA[] =
	"CREATE TABLE documents ("
	" number INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE," /* followed by SCHEMA_ATTEMPT: unfinished */
	" user_id TEXT NOT NULL,"   /* '': no owner */
	" filename TEXT NOT NULL,"
	" content_type TEXT NOT NULL,"
	" pages INTEGER NOT NULL," /* 0: the format has no pages */
	" language TEXT NOT NULL,"
	" summary TEXT,"
	" created_at INTEGER NOT NULL," /* Unix time, seconds */
	" finished_at INTEGER);"        /* NULL: an attempt */
	"CREATE INDEX documents_of_user ON documents (user_id);"
	"CREATE INDEX documents_unfinished ON documents (number) WHERE finished_at IS NULL;"

	"CREATE TABLE chunk_rows ("
	" chunk INTEGER PRIMARY KEY,"
	" document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,"
	" position INTEGER NOT NULL," /* in the document, from 0 */
	" page INTEGER NOT NULL,"
	" heading TEXT NOT NULL,"
	" text TEXT NOT NULL,"
	" spaceless TEXT NOT NULL,"
	" UNIQUE (document, position));"

	"CREATE TABLE vector_rows ("
	" chunk INTEGER PRIMARY KEY REFERENCES chunk_rows (chunk) ON DELETE CASCADE,"
	" embedding BLOB NOT NULL);" /* float32, little-endian */

	"CREATE TABLE provider ("
	" only INTEGER PRIMARY KEY CHECK (only = 1),"
	" name TEXT NOT NULL,"
	" dimension INTEGER NOT NULL) WITHOUT ROWID;"

	"CREATE VIRTUAL TABLE chunks_fts USING fts5 ("
	" heading, text, spaceless, content = 'chunk_rows', content_rowid = 'chunk',"
	" tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\");"
	"CREATE TRIGGER chunk_added AFTER INSERT ON chunk_rows BEGIN"
	" INSERT INTO chunks_fts (rowid, heading, text, spaceless)"
	" VALUES (new.chunk, new.heading, new.text, new.spaceless); END;"
	"CREATE TRIGGER chunk_removed AFTER DELETE ON chunk_rows BEGIN"
	" INSERT INTO chunks_fts (chunks_fts, rowid, heading, text, spaceless)"
	" VALUES ('delete', old.chunk, old.heading, old.text, old.spaceless); END;"
	"CREATE TRIGGER chunk_changed AFTER UPDATE ON chunk_rows BEGIN"
	" INSERT INTO chunks_fts (chunks_fts, rowid, heading, text, spaceless)"
	" VALUES ('delete', old.chunk, old.heading, old.text, old.spaceless);"
	" INSERT INTO chunks_fts (rowid, heading, text, spaceless)"
	" VALUES (new.chunk, new.heading, new.text, new.spaceless); END;"

	"CREATE VIEW chunks AS"
	" SELECT d.id AS document_id, c.position, c.page, c.heading, c.text"
	" FROM chunk_rows c JOIN documents d ON d.number = c.document;"
	"CREATE VIEW vectors AS"
	" SELECT d.id AS document_id, c.position, v.embedding"
	" FROM vector_rows v JOIN chunk_rows c USING (chunk)"
	" JOIN documents d ON d.number = c.document;";

/* ---- Identifying the file ----------------------------------------------- */

enum identity { IDENTITY_EMPTY, IDENTITY_OURS };

static int identify(struct store *store, enum identity *ret_identity, struct failure *failure)
{
	int64_t application, version, objects;
	int result = store_number(store, "PRAGMA application_id", &application, failure);

	if (result == 0)
		result = store_number(store, "PRAGMA user_version", &version, failure);
	if (result == 0)
		result = store_number(store, "SELECT count(*) FROM sqlite_schema", &objects,
				      failure);
	if (result != 0)
		return result;
	*ret_identity = IDENTITY_OURS;
	if (application == 0 && version == 0 && objects == 0)
		*ret_identity = IDENTITY_EMPTY;
	else if (application != SCHEMA_APPLICATION)
		return store_fail_foreign(store, failure);
	else if (version > SCHEMA_VERSION) {
		failure_set(failure, "The document store was made by a newer version of docproc");
		return failure_advise(failure,
				      "%s has version %lld, this docproc knows %d: install the "
				      "newer one, or name another file with --store",
				      store->path, (long long)version, SCHEMA_VERSION);
	}
	return 0;
}

/* ---- Creating the tables ------------------------------------------------ */

/* Changing to WAL needs exclusive access, and SQLite does not always call its busy handler for
 * it. */
static int enter_wal(struct store *store, struct failure *failure)
{
	const struct timespec nap = { .tv_nsec = 2000000 };

	for (int waited_ms = 0;; waited_ms += 2) {
		int code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (code == SQLITE_OK)
			return 0;
		if ((code & 0xff) != SQLITE_BUSY || waited_ms >= STORE_WAIT_MS)
			return store_fail(store, failure);
		nanosleep(&nap, NULL);
	}
}

static int make_tables(struct store *store, struct failure *failure)
{
	char sql[96];
	int result = store_run(store, SCHEMA, failure);

	if (result != 0)
		return result;
	sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
			 SCHEMA_APPLICATION, SCHEMA_VERSION);
	return store_run(store, sql, failure);
}

/* Several processes may find the file empty at once: the first one creates the tables, the others
 * look again. */
static int make(struct store *store, struct failure *failure)
{
	enum identity identity;
	int result = store_begin(store, STORE_POWER, NULL, failure);

	if (result != 0)
		return result;
	result = identify(store, &identity, failure);
	if (result == 0 && identity == IDENTITY_EMPTY)
		result = make_tables(store, failure);
	return store_end(store, result, failure);
}

/* In one transaction, because another process may create the tables between the two queries. */
static int identify_at_once(struct store *store, enum identity *ret_identity,
			    struct failure *failure)
{
	int result = store_run(store, "BEGIN", failure);

	if (result != 0)
		return result;
	result = identify(store, ret_identity, failure);
	/* Nothing was written, so a failure does not matter. */
	(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

int schema_open(struct store *store, struct failure *failure)
{
	enum identity identity;
	int result = identify_at_once(store, &identity, failure);

	if (result != 0)
		return result;
	if (store->read_only)
		return identity == IDENTITY_OURS ? 0 : store_fail_missing(store, failure);
	result = enter_wal(store, failure);
	return result == 0 && identity == IDENTITY_EMPTY ? make(store, failure) : result;
}
