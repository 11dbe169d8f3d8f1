/* SPDX-License-Identifier: MIT */
/* The list of verbs, and the help made from it. */
#include "tools/trackctl/verbs/verbs.h"
#include <stdio.h>
#include <string.h>

static const struct verb *const verbs[] = {
#define VERB_ENTRY(name) &verb_##name,
	VERBS(VERB_ENTRY)
#undef VERB_ENTRY
};

const struct verb *verb_at(size_t i)
{
	return i < sizeof verbs / sizeof verbs[0] ? verbs[i] : NULL;
}

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verb_at(i); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

int verb_each(struct ctl *ctl, int n_ids, char **ids, int (*one)(struct ctl *ctl, const char *id))
{
	int code = ctl_open(ctl, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER, 0);

	if (code != 0)
		return code;
	for (int i = 0; i < n_ids; i++) {
		int of_one = one(ctl, ids[i]);
		code = code != 0 ? code : of_one;
	}
	return code;
}

/* ---- Suggestions ------------------------------------------------------- */

enum { WORD = 16 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* The Levenshtein distance: insertions, deletions and replacements that turn one word into the
 * other. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[WORD + 1];

	if (n > WORD || m > WORD)
		return WORD;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[m];
}

/* Names of the verbs in other tools. */
static const struct {
	const char *word;
	const struct verb *verb;
} habits[] = {
	{ "list", &verb_ls },         { "status", &verb_show },  { "get", &verb_show },
	{ "info", &verb_show },       { "follow", &verb_watch }, { "tail", &verb_watch },
	{ "delete", &verb_rm },       { "remove", &verb_rm },    { "kill", &verb_cancel },
	{ "stop", &verb_cancel },     { "exec", &verb_run },     { "check", &verb_doctor },
	{ "new", &verb_create },      { "add", &verb_create },   { "done", &verb_complete },
	{ "finish", &verb_complete },
};

const struct verb *verb_nearest(const char *name)
{
	const struct verb *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (strcmp(habits[i].word, name) == 0)
			return habits[i].verb;
	for (size_t i = 0; verb_at(i); i++) {
		size_t d = distance(name, verbs[i]->name);
		if (d < best_distance && d < strlen(verbs[i]->name)) {
			best = verbs[i];
			best_distance = d;
		}
	}
	return best;
}

int verb_unknown(const char *name)
{
	const struct verb *nearest = verb_nearest(name);

	if (nearest)
		ctl_fail(EXIT_CODE_USAGE, "no verb \"%s\"; did you mean \"%s\"?", name,
			 nearest->name);
	else
		ctl_fail(EXIT_CODE_USAGE, "no verb \"%s\"", name);
	fprintf(stderr, "try: trackctl help\n");
	return EXIT_CODE_USAGE;
}

/* ---- Help -------------------------------------------------------------- */

void verb_usage(const struct verb *verb, FILE *to)
{
	fprintf(to, "usage: trackctl %s%s%s%s\n", verb->name, verb->entries ? " [OPTION...]" : "",
		verb->arguments[0] ? " " : "", verb->arguments);
}

void verb_explain(const struct verb *verb)
{
	verb_usage(verb, stdout);
	printf("\n%s.\n", verb->summary);
	if (verb->more)
		printf("\n%s\n", verb->more);
	if (verb->entries) {
		printf("\n");
		option_help(stdout, verb->entries, true);
	}
	printf("\nOptions of every verb: trackctl help. The manual: man trackctl\n");
}

void general_help(const struct ctl *ctl)
{
	printf("usage: trackctl [OPTION...] [VERB] [ARGUMENT...]\n\n"
	       "Live status of the tasks on this host. Without a verb: ls.\n\n");
	for (size_t i = 0; verb_at(i); i++) {
		char left[64];

		snprintf(left, sizeof left, "%s %s", verb_at(i)->name, verb_at(i)->arguments);
		printf("  %-30s  %s\n", left, verb_at(i)->summary);
	}
	printf("\nOptions of every verb:\n");
	option_help(stdout, ctl->entries, true);
	printf("\ntrackctl help VERB explains one; see also man trackctl.\n");
}
