/* SPDX-License-Identifier: MIT */
/* What the verbs that look into the store share. Failures have been logged. */
#ifndef DOCPROC_CLI_STORE_VERB_H
#define DOCPROC_CLI_STORE_VERB_H

#include "tools/common/exit_code.h"
#include "tools/docproc/config/config.h"
#include "tools/docproc/store/store.h"
#include <jansson.h>

/* The error and the advice on stderr. Returns code. */
int look_fail(enum exit_code code, const struct failure *failure);

/* Open the store to read. 0 or an exit status. */
int look_open(const struct config *config, struct store **ret_store);

/* Print a document and a line end, and let go of it. An exit status. */
int look_print_json(json_t *document);

/* Texts of any length and any bytes. */
json_t *look_json_text(const char *text);
char *look_printable(const char *text); /* one line; NULL when memory is out */

#endif
