/* SPDX-License-Identifier: MIT */
/*
 * The document store, read-only: whether a document was finished. A store that has never existed
 * has no documents. One that is unreadable, locked, damaged, or has disappeared may have any:
 * documents_finished() then returns -EIO, the log and /readyz say why, and each call tries again. A
 * new store is found by the next call.
 */
#ifndef TRACKD_HTTP_BOARD_DOCUMENTS_H
#define TRACKD_HTTP_BOARD_DOCUMENTS_H

#include "tools/trackd-http/config/config.h"

struct documents;

int documents_open(const struct config *config, struct documents **ret_documents);
void documents_close(struct documents *documents);

/* 1: finished, and this owner's; 0: it is not, or there never was a store; -EIO: unknown. */
int documents_finished(struct documents *documents, const char *id, const char *owner);

/* What is wrong with the store, or "". */
const char *documents_trouble(const struct documents *documents);

#endif
