/* SPDX-License-Identifier: MIT */
/* Reading what others wrote beside a document in a spool. */
#ifndef DOCUMENTS_SPOOL_ENTRY_READ_H
#define DOCUMENTS_SPOOL_ENTRY_READ_H

#include "tools/documents/failure.h"
#include "tools/documents/spool_entry.h"

/* Whether a name in the spool is a ticket's: ID.json. */
bool spool_entry_is_file(const char *name);

/*
 * Read the ticket of a document: ID.json in a folder. 0 or FAILED: there is none, it is not a
 * regular file, not JSON, of another id, its owner does not fit, its name has a slash.
 */
int spool_entry_read(int folder, const char *id, struct spool_entry *ret_entry,
		     struct failure *failure);

#endif
