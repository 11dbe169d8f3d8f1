/* SPDX-License-Identifier: MIT */
/* The store's database, below its modules: the connection, transactions, and sentences for errors. */
#ifndef DOCPROC_STORE_DATABASE_H
#define DOCPROC_STORE_DATABASE_H

#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"
#include <sqlite3.h>

enum { STORE_WAIT_MS = 5000 }; /* for other processes that write, in one call */

struct store {
	sqlite3 *db;
	char path[4096];
	struct report *report; /* of the call that runs: asked for cancelling while it waits */
	bool cancelled;        /* while it waited */
	bool read_only;
	char *provider; /* that store_provider() let pass; NULL: none */
};

/* ---- Errors ------------------------------------------------------------- */

/* The sentence for what SQLite just answered, before anything else is asked of it. FAILED, or
 * CANCELLED when that is why it stopped. */
int store_fail(struct store *store, struct failure *failure);

/* The sentence for an error of the kernel at the store's file. FAILED. */
int store_fail_errno(const struct store *store, int error, struct failure *failure);

int store_fail_foreign(const struct store *store, struct failure *failure);
int store_fail_missing(const struct store *store, struct failure *failure);
int store_fail_damaged(const struct store *store, struct failure *failure);

/* ---- Statements --------------------------------------------------------- */

/* NULL after filling the failure in. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct failure *failure);

/* Run statements that answer nothing. 0, FAILED, CANCELLED. */
int store_run(struct store *store, const char *sql, struct failure *failure);

/* Run a bound statement that answers nothing, and make it ready to be bound again. */
int store_step(struct store *store, sqlite3_stmt *statement, struct failure *failure);

/* The number in the first column of the first row. 0, FAILED, CANCELLED. */
int store_number(struct store *store, const char *sql, int64_t *ret_number,
		 struct failure *failure);

/* ---- Transactions ------------------------------------------------------- */

/* How much a commit must outlive: the process, or the power as well. */
enum store_durability { STORE_PROCESS, STORE_POWER };

/* Begin to write, after waiting for other writers. 0, FAILED, CANCELLED. */
int store_begin(struct store *store, enum store_durability durability, struct report *report,
		struct failure *failure);

/* Commit when result is 0, roll back otherwise. result, or what went wrong at the commit. */
int store_end(struct store *store, int result, struct failure *failure);

/* Before a commit: make sure that what was written has a place in the file, so that copying the log
 * into it cannot fail over a full disk. 0, FAILED. */
int store_reserve(struct store *store, struct failure *failure);

/* After a commit: copy the log into the file as far as readers let it be, so that the next one to
 * write begins the log anew. */
void store_copy_log(struct store *store);

/* Whether the provider of the vectors is this one: 0, or FAILED with what to do. 1: none is settled
 * yet. dimension 0: not known. */
int store_check_provider(struct store *store, const char *provider, unsigned dimension,
			 struct failure *failure);

#endif
