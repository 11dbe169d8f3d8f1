/* SPDX-License-Identifier: MIT */
/*
 * The document store, read-only: whether a document was finished. A store that has never been there
 * has no documents. One that is unreadable, locked, damaged, or has been there and is gone, may have
 * any: then nothing is said about a document, the log and /readyz say why, and each question looks
 * again. A store that has just been made is found by the next question.
 */
#ifndef TRACKD_HTTP_BOARD_DOCUMENTS_H
#define TRACKD_HTTP_BOARD_DOCUMENTS_H

#include "tools/trackd-http/config/config.h"

struct documents;

int documents_open(const struct config *config, struct documents **ret_documents);
void documents_close(struct documents *documents);

/* 1: finished, and this owner's; 0: not, or there never was a store; -EIO: unknown. */
int documents_finished(struct documents *documents, const char *id, const char *owner);

/* "" or what is wrong with the store. */
const char *documents_trouble(const struct documents *documents);

#endif
