/* SPDX-License-Identifier: MIT */
/* Command-line options as tables: parsed, and explained, from one description. */
#ifndef TRACKCTL_OPTIONS_H
#define TRACKCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,    /* bool */
	OPTION_STRING,  /* const char * */
	OPTION_NUMBER,  /* uint64_t */
	OPTION_SECONDS, /* int64_t milliseconds: 2, 0.5, 3m, 2h, 1d */
	OPTION_TTL,     /* uint32_t milliseconds, or never */
};

struct option_spec {
	const char *name; /* long, without the dashes; NULL ends the table */
	char letter;      /* short, or 0 */
	enum option_type type;
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
int options_parse(int argc, char **argv, const struct option_spec *specs,
		  const struct option_spec *more, bool stop);

/* Print the table as help, a line an option. */
void options_help(const struct option_spec *specs);

/* "2", "0.5", "90s", "3m", "2h", "1d" in milliseconds. False if it is none of those. */
bool options_duration(const char *text, int64_t *ret_ms);
/* A decimal number of all of text. */
bool options_number(const char *text, uint64_t *ret_number);

#endif
