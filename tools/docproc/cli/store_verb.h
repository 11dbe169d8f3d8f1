/* SPDX-License-Identifier: MIT */
/* What the verbs that look into the store share. What fails has been told on stderr. */
#ifndef DOCPROC_CLI_STORE_VERB_H
#define DOCPROC_CLI_STORE_VERB_H

#include "tools/common/exit_code.h"
#include "tools/docproc/cli/cli.h"
#include "tools/docproc/store/store.h"
#include <jansson.h>

/* The error and the advice on stderr. Returns code. */
int look_fail(enum exit_code code, const struct failure *failure);

/* Read the flags, settings among them. *ret_first: where the arguments begin in argv. Negative after
 * the help was asked for and printed, or after a message: then return what this returned. */
int look_parse(struct config *config, const struct cli_flag *flags, const char *usage, int argc,
	       char **argv, int *ret_first);

/* What is wrong with the command line, and the usage. An exit status. */
int look_misused(const char *what, const char *usage);

/* Open the store to read. 0 or an exit status. */
int look_open(const struct config *config, struct store **ret_store);

/* Print a document and a line end, and let go of it. An exit status. */
int look_print_json(json_t *document);

/* Texts of any length and any bytes. */
json_t *look_json_text(const char *text);
char *look_printable(const char *text); /* one line; NULL when memory is out */

#endif
