/* SPDX-License-Identifier: MIT */
/* Shared by the verbs that read the store. Failures have been logged. */
#ifndef DOCPROC_CLI_STORE_VERB_H
#define DOCPROC_CLI_STORE_VERB_H

#include "tools/common/exit_code.h"
#include "tools/docproc/config/config.h"
#include "tools/docproc/store/store.h"
#include <jansson.h>

/* The error and the advice on stderr. Returns code. */
int look_fail(enum exit_code code, const struct failure *failure);

/* Open the store for reading. 0 or an exit status. */
int look_open(const struct config *config, struct store **ret_store);

/* Print a document and a line end, and free it. Returns an exit status. */
int look_print_json(json_t *document);

/* A JSON string from text of any length and any bytes. */
json_t *look_json_text(const char *text);
char *look_printable(const char *text); /* one line; NULL if memory is out */

#endif
