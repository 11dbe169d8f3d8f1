/* SPDX-License-Identifier: MIT */
/*
 * Unfinished attempts in the store, and who may remove them. A process that works on documents
 * holds a shared lock on the store's folder until it ends. If no process holds the lock, all
 * unfinished attempts were left by dead processes.
 */
#ifndef DOCPROC_STORE_ATTEMPTS_H
#define DOCPROC_STORE_ATTEMPTS_H

#include "tools/docproc/config/config.h"
#include "tools/documents/failure.h"

/* The shared lock on the store's folder, and an open store. */
struct attempts_share {
	int folder;
	struct store *store;
};

/* Take the shared lock and open the store, which also creates it and its side files. A sandboxed
 * process may open the files that exist when it enters the sandbox, but neither create nor open
 * others; and SQLite removes the side files when the last connection is closed by a program that
 * does not ask it to keep them. While the share is held, no other connection is the last one.
 * If opening fails, the next store_open() reports it. */
void attempts_share(const struct config *config, struct attempts_share *ret_share);
void attempts_release(struct attempts_share *share);

/* Remove what the attempt at a document left. */
void attempts_remove(const struct config *config, const char *id);

/* Remove all that dead workers have left, unless a worker is running. */
void attempts_sweep(const struct config *config);

/* Whether this document, with this submission time, is finished in the store. */
bool attempts_finished(const struct config *config, const char *id, int64_t created_at);

/* Before any work: create the folder of a user's own store, and refuse a store that is not
 * writable. 0, FAILED. */
int attempts_folder(const struct config *config, struct failure *failure);

#endif
