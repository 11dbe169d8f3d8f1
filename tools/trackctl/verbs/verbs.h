/* SPDX-License-Identifier: MIT */
/*
 * A verb of trackctl: a name, texts for the help, a table of options, a function. Each one has its
 * own file verb_NAME.c, which exports `const struct verb verb_NAME`; VERBS lists them.
 */
#ifndef TRACKCTL_VERBS_VERBS_H
#define TRACKCTL_VERBS_VERBS_H

#include "tools/common/option.h"
#include "tools/trackctl/session/ctl.h"
#include <stdio.h>

/* In the order of the help. */
#define VERBS(X)                                                                                   \
	X(ls)                                                                                      \
	X(show)                                                                                    \
	X(watch)                                                                                   \
	X(wait)                                                                                    \
	X(top)                                                                                     \
	X(run)                                                                                     \
	X(create)                                                                                  \
	X(update)                                                                                  \
	X(complete)                                                                                \
	X(fail)                                                                                    \
	X(cancel)                                                                                  \
	X(rm)                                                                                      \
	X(kinds)                                                                                   \
	X(stats)                                                                                   \
	X(doctor)                                                                                  \
	X(help)

struct verb {
	const char *name;
	const char *arguments; /* "ID STAGE [MESSAGE]"; "" for none */
	const char *completes; /* the arguments: see option_list_verb(); NULL: nothing */
	const char *summary;   /* one line */
	const char *more;      /* for `trackctl help VERB`; NULL: nothing to add */
	const struct option_entry *entries; /* NULL: no options of its own */
	void *target;                       /* receives the options' values */
	int min_arguments, max_arguments;   /* max -1: any number */
	bool rest_is_command;               /* options end where the arguments begin */
	bool prefixes;                      /* it only shows: on a terminal, ids may be shortened */
	int (*run)(struct ctl *ctl, int n_arguments,
		   char **arguments); /* returns the exit status */
};

/* Verbs are written with these, and their other members by name. "" and 0, 0: no arguments. */
#define VERB(name_, summary_, run_) .name = (name_), .summary = (summary_), .run = (run_)
#define VERB_ARGUMENTS(text, min, max, completes_)                                                 \
	.arguments = (text), .min_arguments = (min), .max_arguments = (max),                       \
	.completes = (completes_)
#define VERB_OPTIONS(entries_, target_) .entries = (entries_), .target = &(target_)

#define VERB_DECLARE(name) extern const struct verb verb_##name;
VERBS(VERB_DECLARE)
#undef VERB_DECLARE

/* The verb with a name, or NULL. */
const struct verb *verb_find(const char *name);
/* The verb most like a name, or NULL. */
const struct verb *verb_nearest(const char *name);
/* Print that there is no such verb, with the most similar one. Returns the exit status. */
int verb_unknown(const char *name);
/* Verb number i, or NULL after the last. */
const struct verb *verb_at(size_t i);

/* Open the board to write, and do the same with each id. The exit status: that of the first that failed. */
int verb_each(struct ctl *ctl, int n_ids, char **ids, int (*one)(struct ctl *ctl, const char *id));

/* Print the usage line and the verb's help. */
void verb_usage(const struct verb *verb, FILE *to);
void verb_explain(const struct verb *verb);
void general_help(const struct ctl *ctl);

#endif
