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

/* Take the shared lock until the process ends. Also creates the store and its side files, because
 * a sandboxed process may open but not create them. If that fails, the next store_open()
 * reports it. */
void attempts_share(const struct config *config);

/* Remove what the attempt at a document left. */
void attempts_remove(const struct config *config, const char *id);

/* Remove all that dead workers have left, unless a worker is running. */
void attempts_sweep(const struct config *config);

/* Whether exactly this document, handed in at that time, is finished in the store. */
bool attempts_finished(const struct config *config, const char *id, int64_t created_at);

/* Before any work: make the folder of a store that is one's own, and refuse a store that is not ours
 * to write. 0, FAILED. */
int attempts_folder(const struct config *config, struct failure *failure);

#endif
