/* SPDX-License-Identifier: MIT */
/* The key of an endpoint, from a file that no other user may read. */
#ifndef DOCPROC_EMBED_ENDPOINT_KEY_H
#define DOCPROC_EMBED_ENDPOINT_KEY_H

#include "tools/documents/failure.h"
#include <stddef.h>

enum { KEY_MAX = 4096 };

/* Read the key without surrounding white space. service: for messages. 0, FAILED. */
int key_read(const char *path, const char *service, char ret_key[KEY_MAX + 1],
	     struct failure *failure);

#endif
