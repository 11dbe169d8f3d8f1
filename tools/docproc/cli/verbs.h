/* SPDX-License-Identifier: MIT */
/* What docproc can be told to do. A verb is called with what follows it on the command line; argv[0]
 * is its name. It has told on stderr what went wrong and returns the exit status. */
#ifndef DOCPROC_CLI_VERBS_H
#define DOCPROC_CLI_VERBS_H

#include "tools/docproc/config/config.h"

/* X(name, arguments, what it does; "" hides it) */
#define DOCPROC_VERBS(X)                                                                           \
	X(serve, "", "Process what is handed in to the spool (the same as --spool DIR)")           \
	X(submit, "FILE [--id ID] [--owner USER] [--name NAME]", "Hand a file in to the spool")    \
	X(search, "QUERY [--owner USER] [--limit N] [--json]", "Find passages")                    \
	X(show, "ID [--owner USER] [--json]", "A document and its summary")                        \
	X(extract, "FILE", "")

#define DOCPROC_VERB_DECLARE(name, arguments, summary)                                             \
	int verb_##name(const struct config *config, int argc, char **argv);
DOCPROC_VERBS(DOCPROC_VERB_DECLARE)
#undef DOCPROC_VERB_DECLARE

/* docproc FILE: no verb. argv[0] is the program. */
int verb_process(const struct config *config, int argc, char **argv);

#endif
