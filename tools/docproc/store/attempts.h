/* SPDX-License-Identifier: MIT */
/*
 * Unfinished attempts in the store, and who may remove them. Whoever works on a document holds a
 * shared lock on the store's folder for as long as the process lives; what is unfinished while
 * nobody holds it is of the dead.
 */
#ifndef DOCPROC_STORE_ATTEMPTS_H
#define DOCPROC_STORE_ATTEMPTS_H

#include "tools/docproc/config/config.h"
#include "tools/documents/failure.h"

/* Be one who works, until the end of the process. Makes the store and its side files, which a
 * process that is locked in may open, but not make. What goes wrong is told when it is opened. */
void attempts_share(const struct config *config);

/* Remove what the attempt at a document left. */
void attempts_remove(const struct config *config, const char *id);

/* Remove all that the dead have left, unless somebody is at work. */
void attempts_sweep(const struct config *config);

/* Whether exactly this document, handed in at that time, is finished in the store. */
bool attempts_finished(const struct config *config, const char *id, int64_t created_at);

/* Before any work: make the folder of a store that is one's own, and refuse a store that is not ours
 * to write. 0, FAILED. */
int attempts_folder(const struct config *config, struct failure *failure);

#endif
