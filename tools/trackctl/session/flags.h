/* SPDX-License-Identifier: MIT */
/* Command-line options as tables: parsed, and explained, from one description. */
#ifndef TRACKCTL_VERBS_FLAGS_H
#define TRACKCTL_VERBS_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flag_type {
	FLAG_BOOL,   /* bool */
	FLAG_TEXT,   /* const char * */
	FLAG_NUMBER, /* uint64_t */
	FLAG_TIME,   /* int64_t milliseconds: 2, 0.5, 3m, 2h, 1d */
	FLAG_TTL,    /* uint32_t milliseconds, or never */
};

struct flag {
	const char *name; /* long, without the dashes; NULL ends the table */
	char letter;      /* short, or 0 */
	enum flag_type type;
	const char *argument; /* what the help calls it; NULL for flags */
	const char *help;
	void *value; /* where it goes */
	bool *given; /* set when it was given; may be NULL */
};

/*
 * Parse options of both tables (the second may be NULL). stop: at the first argument that is none.
 * Returns the index of the first argument in argv, which is reordered so that arguments come last;
 * or -1 after a message on stderr.
 */
int flags_parse(int argc, char **argv, const struct flag *specs, const struct flag *more,
		bool stop);

/* Print the table as help, a line an option. */
void flags_help(const struct flag *specs);

/* "2", "0.5", "90s", "3m", "2h", "1d" in milliseconds. False if it is none of those. */
bool flags_duration(const char *text, int64_t *ret_ms);
/* A decimal number of all of text. */
bool flags_number(const char *text, uint64_t *ret_number);

#endif
