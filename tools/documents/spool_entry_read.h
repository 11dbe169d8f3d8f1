/* SPDX-License-Identifier: MIT */
/* Reads tickets, the files that submitters write beside their documents. */
#ifndef DOCUMENTS_SPOOL_ENTRY_READ_H
#define DOCUMENTS_SPOOL_ENTRY_READ_H

#include "tools/documents/failure.h"
#include "tools/documents/spool_entry.h"

/* Whether a name in the spool is that of a ticket: ID.json. */
bool spool_entry_is_file(const char *name);

/*
 * Read a document's ticket, ID.json in a folder. 0 or FAILED: it is missing, not a regular file,
 * not JSON, for another id, its owner is not valid, or its name has a slash.
 */
int spool_entry_read(int folder, const char *id, struct spool_entry *ret_entry,
		     struct failure *failure);

#endif
