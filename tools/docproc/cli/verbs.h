/* SPDX-License-Identifier: MIT */
/* The verbs of docproc. Each one has its own file verb_NAME.c, which exports `const struct verb
 * verb_NAME`; DOCPROC_VERBS lists them. */
#ifndef DOCPROC_CLI_VERBS_H
#define DOCPROC_CLI_VERBS_H

#include "tools/docproc/config/config.h"

struct verb {
	const char *name;      /* "": the verb of docproc FILE */
	const char *arguments; /* "ID [--json]"; "" for none */
	const char *summary;   /* one line; NULL: for tests only, not in the help */
	const char *asks; /* message for missing or extra arguments; NULL: only print the usage */
	const char *completes;              /* its arguments: see option_list_verb() */
	const struct option_entry *entries; /* flags beyond the settings; NULL: none */
	void *target;                       /* where their values go */
	int min_arguments, max_arguments;   /* max -1: any number */
	/* config: with the flags applied. Errors are reported on stderr. Returns an exit status. */
	int (*run)(const struct config *config, int n_arguments, char **arguments);
};

/* Verbs are written with these, and their other members by name. "" and 0, 0: no arguments. */
#define VERB(name_, summary_, run_) .name = (name_), .summary = (summary_), .run = (run_)
#define VERB_ARGUMENTS(text, min, max, completes_)                                                 \
	.arguments = (text), .min_arguments = (min), .max_arguments = (max),                       \
	.completes = (completes_)
#define VERB_OPTIONS(entries_, target_) .entries = (entries_), .target = &(target_)

/* In the order of the help. */
#define DOCPROC_VERBS(X) X(serve) X(submit) X(search) X(show) X(extract)

#define DOCPROC_VERB_DECLARE(name) extern const struct verb verb_##name;
DOCPROC_VERBS(DOCPROC_VERB_DECLARE)
#undef DOCPROC_VERB_DECLARE

/* docproc FILE, without a verb. */
extern const struct verb verb_process;

/* Print an error in the command line, and the usage, on stderr. what: may be NULL. Returns an exit
 * status. */
int verb_misused(const struct verb *verb, const char *what);
void verb_usage(const struct verb *verb, FILE *file);

#endif
