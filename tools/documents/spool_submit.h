/* SPDX-License-Identifier: MIT */
/*
 * Handing a document in to a spool, in steps, so that whoever serves others meanwhile takes the slow
 * ones elsewhere:
 *
 *	spool_submit_create()   a new file in tmp/, to write the document to
 *	spool_submit_settle()   it and its ticket are on the disk (slow)
 *	...                its task is created on the board
 *	spool_submit_move()     the ticket and then the document go to new/ (slow)
 *
 * Until the last has succeeded spool_submit_undo() leaves nothing behind; from then on the document is
 * handed in, whatever becomes of the caller. tmp and new are descriptors of the folders.
 */
#ifndef DOCUMENTS_SPOOL_SUBMIT_H
#define DOCUMENTS_SPOOL_SUBMIT_H

#include "tools/documents/spool_entry.h"

/* A descriptor, or -errno; -EEXIST: another is handing in a document of that id. */
int spool_submit_create(int tmp, const char *id);

/* Closes fd, whatever comes of it. 0 or -errno. */
int spool_submit_settle(int fd, int tmp, const struct spool_entry *entry);

/* 0 or -errno. */
int spool_submit_move(int tmp, int new, const char *id);

void spool_submit_undo(int tmp, int new, const char *id);

#endif
