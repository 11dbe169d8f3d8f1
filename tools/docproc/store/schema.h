/* SPDX-License-Identifier: MIT */
/* The tables of the store, and the check whether a file is a store. */
#ifndef DOCPROC_STORE_SCHEMA_H
#define DOCPROC_STORE_SCHEMA_H

#include "tools/docproc/store/database.h"

enum {
	SCHEMA_APPLICATION = 0x74726463, /* "trdc" */
	SCHEMA_VERSION = 1,
};

/* An unfinished attempt has its id in documents.id with this suffix. No id contains a slash. */
#define SCHEMA_ATTEMPT "/attempt"

/* Check the store; when writing, create what is missing. 0, FAILED: a file of another program or of
 * a newer version, which is left unchanged, or no tables yet to read. */
int schema_open(struct store *store, struct failure *failure);

#endif
