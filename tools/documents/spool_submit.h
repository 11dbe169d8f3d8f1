/* SPDX-License-Identifier: MIT */
/*
 * Handing a document in to a spool, in steps, so that whoever serves others meanwhile takes the slow
 * ones elsewhere:
 *
 *	hand_in_create()   a new file in tmp/, to write the document to
 *	hand_in_settle()   it and its ticket are on the disk (slow)
 *	...                its task is created on the board
 *	hand_in_move()     the ticket and then the document go to new/ (slow)
 *
 * Until the last has succeeded hand_in_undo() leaves nothing behind; from then on the document is
 * handed in, whatever becomes of the caller. tmp and new are descriptors of the folders.
 */
#ifndef COMMON_HAND_IN_H
#define COMMON_HAND_IN_H

#include "tools/documents/spool_entry.h"

/* A descriptor, or -errno; -EEXIST: another is handing in a document of that id. */
int hand_in_create(int tmp, const char *id);

/* Closes fd, whatever comes of it. 0 or -errno. */
int hand_in_settle(int fd, int tmp, const struct ticket *ticket);

/* 0 or -errno. */
int hand_in_move(int tmp, int new, const char *id);

void hand_in_undo(int tmp, int new, const char *id);

#endif
