/* SPDX-License-Identifier: MIT */
/*
 * The document store, read-only: whether a document was finished. The gateway works without it; a
 * store that is missing, locked or corrupt is said in the log and by /readyz, and tried again.
 */
#ifndef TRACKD_HTTP_DOCUMENTS_H
#define TRACKD_HTTP_DOCUMENTS_H

#include "config.h"

struct documents;

int documents_open(const struct config *config, struct documents **ret_documents);
void documents_close(struct documents *documents);

/* 1: finished, and this owner's; 0: not; -EIO: the store cannot be asked. */
int documents_finished(struct documents *documents, const char *id, const char *owner);

/* "" or what is wrong with the store. */
const char *documents_trouble(const struct documents *documents);

#endif
