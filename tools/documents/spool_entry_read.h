/* SPDX-License-Identifier: MIT */
/* Reading what others wrote beside a document in a spool. */
#ifndef DOCPROC_TICKET_H
#define DOCPROC_TICKET_H

#include "tools/documents/failure.h"
#include "tools/documents/spool_entry.h"

/* Whether a name in the spool is a ticket's: ID.json. */
bool ticket_is_file(const char *name);

/*
 * Read the ticket of a document: ID.json in a folder. 0 or FAILED: there is none, it is not a
 * regular file, not JSON, of another id, its owner does not fit, its name has a slash.
 */
int ticket_read(int folder, const char *id, struct ticket *ret_ticket, struct failure *failure);

#endif
