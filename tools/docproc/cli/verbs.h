/* SPDX-License-Identifier: MIT */
/* What docproc can do. Each verb lives in a file of its own, verb_NAME.c, which exports
 * `const struct verb verb_NAME`; the one list of them is DOCPROC_VERBS. */
#ifndef DOCPROC_CLI_VERBS_H
#define DOCPROC_CLI_VERBS_H

#include "tools/docproc/config/config.h"

struct verb {
	const char *name;      /* "": of docproc FILE */
	const char *arguments; /* "ID [--json]"; "" for none */
	const char *summary;   /* one line; NULL: for tests, not in the help */
	const char *asks; /* where arguments are missing or too many; NULL: the usage says it */
	const char *completes;              /* its arguments: see option_list_verb() */
	const struct option_entry *entries; /* beside the settings; NULL: none */
	void *target;                       /* where their values go */
	int min_arguments, max_arguments;   /* max -1: any number */
	/* config: flags are applied. What goes wrong is reported on stderr. An exit status. */
	int (*run)(const struct config *config, int n_arguments, char **arguments);
};

/* A verb is written with these, and what else there is by name. "" and 0, 0: it takes no arguments. */
#define VERB(name_, summary_, run_) .name = (name_), .summary = (summary_), .run = (run_)
#define VERB_ARGUMENTS(text, min, max, completes_)                                                 \
	.arguments = (text), .min_arguments = (min), .max_arguments = (max),                       \
	.completes = (completes_)
#define VERB_OPTIONS(entries_, target_) .entries = (entries_), .target = &(target_)

/* In the order in which the help shows them. */
#define DOCPROC_VERBS(X) X(serve) X(submit) X(search) X(show) X(extract)

#define DOCPROC_VERB_DECLARE(name) extern const struct verb verb_##name;
DOCPROC_VERBS(DOCPROC_VERB_DECLARE)
#undef DOCPROC_VERB_DECLARE

/* docproc FILE: no verb. */
extern const struct verb verb_process;

/* What is wrong with the command line, and the usage, on stderr. what: may be NULL. An exit status. */
int verb_misused(const struct verb *verb, const char *what);
void verb_usage(const struct verb *verb, FILE *file);

#endif
