/* SPDX-License-Identifier: MIT */
/* Prints the tables, for users and for programs. */
#include "tools/common/option.h"
#include <string.h>

enum { COLUMN = 28 }; /* where the explanations begin */

/* ---- For users ----------------------------------------------------------- */

void option_help(FILE *file, const struct option_entry *entries, bool letters)
{
	char left[64], letter[8];

	for (; entries->name; entries++) {
		if (entries->flags & OPTION_HIDDEN)
			continue;
		snprintf(letter, sizeof letter, entries->letter ? "-%c, " : "    ",
			 entries->letter);
		snprintf(left, sizeof left,
			 entries->flags & OPTION_VALUE_OPTIONAL ? "  %s--%s[=%s]"
			 : entries->takes                       ? "  %s--%s %s"
								: "  %s--%s",
			 letters ? letter : "", entries->name, entries->takes);
		fprintf(file, "%-*s %s\n", COLUMN - 1, left, entries->help);
	}
}

/* ---- For programs -------------------------------------------------------- */

/* What to complete, derived from the value's name. */
static const char *completes(const struct option_entry *entry)
{
	static const struct {
		const char *takes, *completes;
	} usual[] = { { "FILE", "@file" },   { "PATH", "@file" },   { "DIR", "@directory" },
		      { "USER", "@owner" },  { "KIND", "@kind" },   { "PID", "@pid" },
		      { "/NAME", "@board" }, { "yes|no", "yes no" } };

	if (entry->completes)
		return entry->completes;
	for (size_t i = 0; entry->takes && i < sizeof usual / sizeof usual[0]; i++)
		if (strcmp(usual[i].takes, entry->takes) == 0)
			return usual[i].completes;
	return "-";
}

void option_list(FILE *file, const char *verb, const struct option_entry *entries)
{
	char key[OPTION_KEY_SIZE], letter[3], takes[32];

	for (; entries->name; entries++) {
		if (entries->flags & OPTION_HIDDEN)
			continue;
		snprintf(letter, sizeof letter, entries->letter ? "-%c" : "-", entries->letter);
		snprintf(takes, sizeof takes,
			 entries->flags & OPTION_VALUE_OPTIONAL ? "[%s]" : "%s",
			 entries->takes ? entries->takes : "-");
		fprintf(file, "option\t%s\t--%s\t%s\t%s\t%s\t%s\t%s\t%s\n", verb, entries->name,
			letter, takes, completes(entries),
			entries->flags & OPTION_IN_FILE ? option_key(entries, key) : "-",
			entries->flags & OPTION_RELOADS ? "reloads" : "-", entries->help);
	}
}

void option_list_verb(FILE *file, const char *verb, const char *completes_to, const char *arguments)
{
	fprintf(file, "verb\t%s\t%s\t%s\n", verb, completes_to ? completes_to : "-",
		arguments[0] ? arguments : "-");
}

bool option_list_wanted(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--list-options") == 0;
}
