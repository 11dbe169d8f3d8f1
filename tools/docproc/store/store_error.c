/* SPDX-License-Identifier: MIT */
/*
 * Turns SQLite's errors into sentences. The sentence is for the document's owner and names no path;
 * the advice is for the service's administrator and names paths.
 */
#include "tools/docproc/store/database.h"
#include <errno.h>
#include <string.h>

/* ...: the advice and what is in it. The value is that of failure_advise(). */
#define TELL(failure, error, ...)                                                                  \
	(failure_set((failure), "%s", (error)), failure_advise((failure), __VA_ARGS__))

static int full(const struct store *store, struct failure *failure)
{
	return TELL(failure, "The document store is full",
		    "make room on the file system of %s, then process the document again",
		    store->path);
}

static int forbidden(const struct store *store, struct failure *failure)
{
	return TELL(failure, "No permission to use the document store",
		    "run it as a member of the group of %s to read, or as its owner to "
		    "write",
		    store->path);
}

static int busy(const struct store *store, struct failure *failure)
{
	failure_set(failure, "The document store was busy for %d seconds", STORE_WAIT_MS / 1000);
	return failure_advise(failure, "another process keeps it locked: see fuser -v %s",
			      store->path);
}

int store_fail_damaged(const struct store *store, struct failure *failure)
{
	return TELL(failure, "The document store is damaged",
		    "move %s away with its -wal and -shm and process the documents "
		    "again, or save what can be read with the .recover of sqlite3",
		    store->path);
}

int store_fail_foreign(const struct store *store, struct failure *failure)
{
	return TELL(failure, "The document store's file belongs to another program",
		    "%s was left as it is; name another file with --store", store->path);
}

int store_fail_missing(const struct store *store, struct failure *failure)
{
	return TELL(failure, "There is no document store yet",
		    "looked for %s: process a document first, or name another file with "
		    "--store",
		    store->path);
}

int store_fail_errno(const struct store *store, int error, struct failure *failure)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return TELL(failure, "The document store's folder does not exist",
			    "create the folder of %s first", store->path);
	case EISDIR:
		return TELL(failure, "The document store is a folder, not a file",
			    "name a file in %s with --store", store->path);
	case EACCES:
	case EPERM:
		return forbidden(store, failure);
	case EROFS:
		return TELL(failure, "The document store can only be read",
			    "the file system of %s is mounted read-only", store->path);
	case ENOSPC:
	case EDQUOT:
		return full(store, failure);
	case EFBIG:
		return TELL(failure, "The document store may not grow any further",
			    "a limit on the size of files (ulimit -f) stops %s", store->path);
	default:
		failure_set(failure, "The document store cannot be used: %s",
			    strerrordesc_np(error));
		return failure_advise(failure, "it is %s", store->path);
	}
}

/* A store in use always has side files; only their owner can create them. */
static int cannot_open(const struct store *store, struct failure *failure)
{
	int error = sqlite3_system_errno(store->db);

	if (!store->read_only || (error != EACCES && error != ENOENT && error != EROFS))
		return store_fail_errno(store, error ? error : EIO, failure);
	return TELL(failure, "Other users cannot read the document store yet",
		    "%s-wal or -shm is missing or not readable: open the store once as "
		    "its owner, with docproc search",
		    store->path);
}

static int other(const struct store *store, int code, struct failure *failure)
{
	int error = sqlite3_system_errno(store->db);

	if ((code & 0xff) == SQLITE_IOERR && error != 0)
		return store_fail_errno(store, error, failure);
	failure_set(failure, "The document store failed: %s", sqlite3_errstr(code));
	return failure_advise(failure, "it is %s; SQLite says: %s", store->path,
			      sqlite3_errmsg(store->db));
}

int store_fail(struct store *store, struct failure *failure)
{
	int code = sqlite3_extended_errcode(store->db);

	if (store->cancelled)
		return CANCELLED;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return full(store, failure);
	case SQLITE_BUSY:
		return busy(store, failure);
	case SQLITE_CORRUPT:
		return store_fail_damaged(store, failure);
	case SQLITE_NOTADB:
		return store_fail_foreign(store, failure);
	case SQLITE_CANTOPEN:
		return cannot_open(store, failure);
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return forbidden(store, failure);
	default:
		return other(store, code, failure);
	}
}
