/* SPDX-License-Identifier: MIT */
/*
 * Submits a document to a spool in steps, so that a server can run the slow ones in another thread:
 *
 *	spool_submit_create()   a new file in tmp/, to write the document to
 *	spool_submit_settle()   it and its ticket are on the disk (slow)
 *	...                     its task is created on the board
 *	spool_submit_move()     the ticket and then the document go to new/ (slow)
 *
 * Until the last step has succeeded, spool_submit_undo() removes everything; from then on the
 * document is submitted, even if the caller dies. tmp and new are descriptors of the folders.
 */
#ifndef DOCUMENTS_SPOOL_SUBMIT_H
#define DOCUMENTS_SPOOL_SUBMIT_H

#include "tools/documents/spool_entry.h"

/* A descriptor, or -errno; -EEXIST: another submission has that id. */
int spool_submit_create(int tmp, const char *id);

/* Closes fd in any case. 0 or -errno. */
int spool_submit_settle(int fd, int tmp, const struct spool_entry *entry);

/* 0 or -errno. */
int spool_submit_move(int tmp, int new, const char *id);

void spool_submit_undo(int tmp, int new, const char *id);

#endif
