/* SPDX-License-Identifier: MIT */
/* The tables of the store, and whether a file is one. */
#ifndef DOCPROC_STORE_SCHEMA_H
#define DOCPROC_STORE_SCHEMA_H

#include "tools/docproc/store/database.h"

enum {
	SCHEMA_APPLICATION = 0x74726463, /* "trdc" */
	SCHEMA_VERSION = 1,
};

/* The key in documents.id under which an unfinished attempt stands. No id has a slash in it. */
#define SCHEMA_ATTEMPT "/attempt"

/* Look whether the store can be used; when writing, make what is missing. 0, FAILED: a file of
 * another program or of a newer version, which is left as it is; nothing there yet to read. */
int schema_open(struct store *store, struct failure *failure);

#endif
