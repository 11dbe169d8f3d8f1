/* SPDX-License-Identifier: MIT */
/* Tables to getopt_long(3) and back. */
#include "tools/trackctl/session/flags.h"
#include "libclient/trackd.h"
#include "tools/common/option_value.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 32, LONG_ONLY = 256 };

struct table {
	const struct flag *spec[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	int n;
};

/* ---- Values ------------------------------------------------------------ */

bool flags_number(const char *text, uint64_t *ret_number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*ret_number = number;
	return true;
}

bool flags_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "", 1e3 },   { "ms", 1 },     { "s", 1e3 },
		      { "m", 60e3 }, { "h", 3600e3 }, { "d", 86400e3 } };
	char *end;

	if ((text[0] < '0' || text[0] > '9') && text[0] != '.')
		return false;
	double value = strtod(text, &end);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (!isfinite(value) || value * units[i].ms > 1e15)
			return false;
		*ret_ms = (int64_t)(value * units[i].ms);
		return true;
	}
	return false;
}

static bool parse_ttl(const char *text, uint32_t *ret_ms)
{
	int64_t ms;

	if (strcmp(text, "never") == 0) {
		*ret_ms = TRACKD_TTL_NEVER;
		return true;
	}
	if (!flags_duration(text, &ms) || ms == 0 || ms >= TRACKD_TTL_NEVER)
		return false;
	*ret_ms = (uint32_t)ms;
	return true;
}

static bool set(const struct flag *spec, const char *text)
{
	switch (spec->type) {
	case FLAG_BOOL:
		*(bool *)spec->value = true;
		return true;
	case FLAG_TEXT:
		*(const char **)spec->value = text;
		return true;
	case FLAG_NUMBER:
		return flags_number(text, spec->value);
	case FLAG_TIME:
		return flags_duration(text, spec->value);
	case FLAG_TTL:
		return parse_ttl(text, spec->value);
	}
	return false;
}

static const char *wanted(enum flag_type type)
{
	switch (type) {
	case FLAG_BOOL:
	case FLAG_TEXT:
		break;
	case FLAG_NUMBER:
		return "a whole number";
	case FLAG_TIME:
		return "a time such as 2, 0.5s, 3m or 1h";
	case FLAG_TTL:
		return "a time such as 90s, 3m, 1h or 1d, or never";
	}
	return "something else";
}

/* ---- Parsing ----------------------------------------------------------- */

static void add(struct table *table, const struct flag *specs)
{
	for (; specs && specs->name && table->n < OPTIONS_MAX; specs++) {
		bool argument = specs->type != FLAG_BOOL;
		char *letters = table->letters + strlen(table->letters);

		table->longs[table->n] = (struct option){
			.name = specs->name,
			.has_arg = argument ? required_argument : no_argument,
			.val = LONG_ONLY + table->n,
		};
		table->spec[table->n++] = specs;
		if (specs->letter != 0) {
			*letters++ = specs->letter;
			if (argument)
				*letters++ = ':';
			*letters = '\0';
		}
	}
}

static const struct flag *chosen(const struct table *table, int option)
{
	if (option >= LONG_ONLY)
		return table->spec[option - LONG_ONLY];
	for (int i = 0; i < table->n; i++)
		if (table->spec[i]->letter == option)
			return table->spec[i];
	return NULL;
}

int flags_parse(int argc, char **argv, const struct flag *specs, const struct flag *more, bool stop)
{
	struct table table = { .letters = "" };
	int option;

	if (stop)
		strcpy(table.letters, "+");
	add(&table, specs);
	add(&table, more);
	optind = 0; /* start over, and forget an order that was asked for before */
	while ((option = getopt_long(argc, argv, table.letters, table.longs, NULL)) != -1) {
		const struct flag *spec = chosen(&table, option);

		if (!spec)
			return -1; /* getopt has said it */
		if (option_took_flag(argv)) {
			fprintf(stderr, "%s: %.100s needs a value\n", argv[0],
				option_without_value(argv));
			return -1;
		}
		if (!set(spec, optarg)) {
			fprintf(stderr, "%s: --%s takes %s\n", argv[0], spec->name,
				wanted(spec->type));
			return -1;
		}
		if (spec->given)
			*spec->given = true;
	}
	return optind;
}

/* ---- Help -------------------------------------------------------------- */

void flags_help(const struct flag *specs)
{
	char left[64];

	for (; specs && specs->name; specs++) {
		int n = snprintf(left, sizeof left, "  %c%c%c --%s", specs->letter ? '-' : ' ',
				 specs->letter ? specs->letter : ' ', specs->letter ? ',' : ' ',
				 specs->name);

		if (specs->argument && n > 0 && (size_t)n < sizeof left)
			snprintf(left + n, sizeof left - (size_t)n, " %s", specs->argument);
		printf("%-26s  %s\n", left, specs->help);
	}
}
