/* SPDX-License-Identifier: MIT */
/* The store's connection, transactions and error messages, for its other modules. */
#ifndef DOCPROC_STORE_DATABASE_H
#define DOCPROC_STORE_DATABASE_H

#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"
#include <sqlite3.h>

enum { STORE_WAIT_MS = 5000 }; /* maximum wait for other writing processes, per call */

struct store {
	sqlite3 *db;
	char path[4096];
	struct report *report; /* of the running call: checked for cancellation while waiting */
	bool cancelled;        /* during the wait */
	bool read_only;
	char *provider; /* accepted by store_provider(); NULL: none */
};

/* ---- Errors ------------------------------------------------------------- */

/* Make a sentence from SQLite's last error; call it before any other SQLite function. FAILED, or
 * CANCELLED if the call stopped for that reason. */
int store_fail(struct store *store, struct failure *failure);

/* Make a sentence from an errno value about the store's file. FAILED. */
int store_fail_errno(const struct store *store, int error, struct failure *failure);

int store_fail_foreign(const struct store *store, struct failure *failure);
int store_fail_missing(const struct store *store, struct failure *failure);
int store_fail_damaged(const struct store *store, struct failure *failure);

/* ---- Statements --------------------------------------------------------- */

/* NULL, with the failure filled in. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct failure *failure);

/* Run statements without results. 0, FAILED, CANCELLED. */
int store_run(struct store *store, const char *sql, struct failure *failure);

/* Run a bound statement without results, and reset it for the next values. */
int store_step(struct store *store, sqlite3_stmt *statement, struct failure *failure);

/* The number in the first column of the first row. 0, FAILED, CANCELLED. */
int store_number(struct store *store, const char *sql, int64_t *ret_number,
		 struct failure *failure);

/* ---- Transactions ------------------------------------------------------- */

/* What a commit must survive: the end of the process, or also a power failure. */
enum store_durability { STORE_PROCESS, STORE_POWER };

/* Begin a writing transaction, after waiting for other writers. 0, FAILED, CANCELLED. */
int store_begin(struct store *store, enum store_durability durability, struct report *report,
		struct failure *failure);

/* Commit if result is 0, otherwise roll back. Returns result, or the failure of the commit. */
int store_end(struct store *store, int result, struct failure *failure);

/* Before a commit: reserve space in the file, so that copying the log into it cannot fail on a full
 * disk. 0, FAILED. */
int store_reserve(struct store *store, struct failure *failure);

/* After a commit: copy as much of the log into the file as readers permit, so that the next writer
 * restarts the log. */
void store_copy_log(struct store *store);

/* Whether the vectors' provider is this one: 0, or FAILED with advice. 1: none is set yet.
 * dimension 0: unknown. */
int store_check_provider(struct store *store, const char *provider, unsigned dimension,
			 struct failure *failure);

#endif
