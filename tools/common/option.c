/* SPDX-License-Identifier: MIT */
/* Converts tables to getopt_long(3) and its results back, and maps keys to entries. */
#include "tools/common/option.h"
#include "tools/common/config_file.h"
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

enum { OPTIONS_MAX = 64, LONG_ONLY = 256 /* from here on: the entries in their order */ };

/* ---- One value ----------------------------------------------------------- */

/* where: the flag, or a line of a file. */
static int set(const struct option_entry *entry, void *target, const char *where, const char *key,
	       const char *value, struct fault *fault)
{
	struct fault own = { .text = "" };

	if (entry->set(entry, (char *)target + entry->offset, value, &own) < 0) {
		fault_set(fault, "%.300s", where);
		if (key)
			fault_add(fault, ": %s", key);
		return own.text[0] ? fault_add(fault, ": %s", own.text)
				   : fault_add(fault, ": \"%.100s\" is not allowed; it must be %s",
					       value ? value : "", entry->allowed);
	}
	if (entry->given > 0)
		*(bool *)((char *)target + entry->given - 1) = true;
	return 0;
}

/* ---- The command line ---------------------------------------------------- */

struct table {
	const struct option_entry *entries[OPTIONS_MAX];
	void *targets[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	int n;
};

static void add_letter(struct table *table, const struct option_entry *entry)
{
	char *end = table->letters + strlen(table->letters);

	if (entry->letter == 0)
		return;
	*end++ = entry->letter;
	if (entry->takes && !(entry->flags & OPTION_VALUE_OPTIONAL))
		*end++ = ':';
	*end = '\0';
}

static void add(struct table *table, const struct option_entry *entry, void *target)
{
	int has_arg = !entry->takes                          ? no_argument
		      : entry->flags & OPTION_VALUE_OPTIONAL ? optional_argument
							     : required_argument;

	assert(table->n < OPTIONS_MAX);
	table->longs[table->n] = (struct option){
		.name = entry->name,
		.has_arg = has_arg,
		.val = LONG_ONLY + table->n,
	};
	table->targets[table->n] = target;
	table->entries[table->n++] = entry;
	add_letter(table, entry);
}

/* The leading ':' makes getopt distinguish a missing value from an unknown flag. */
static void make(struct table *table, const struct option_part *parts, bool stop)
{
	*table = (struct table){ .n = 0 };
	snprintf(table->letters, sizeof table->letters, "%s", stop ? "+:" : ":");
	for (; parts->entries; parts++)
		for (const struct option_entry *entry = parts->entries; entry->name; entry++)
			add(table, entry, parts->target);
}

static int find(const struct table *table, int option)
{
	if (option >= LONG_ONLY)
		return option - LONG_ONLY;
	for (int i = 0; i < table->n; i++)
		if (table->entries[i]->letter == option)
			return i;
	return -1;
}

/* The offending flag as it was typed, without a value: argv[optind] may still be this word. */
static void write_flag(const struct table *table, char *const *argv, char *text, size_t size)
{
	if (optopt >= LONG_ONLY)
		snprintf(text, size, "--%s", table->entries[optopt - LONG_ONLY]->name);
	else if (optopt != 0)
		snprintf(text, size, "-%c", optopt);
	else
		snprintf(text, size, "%.100s", argv[optind - 1]);
}

/* option: getopt_long()'s result. */
static int misused(const struct table *table, char *const *argv, int option, const char *see,
		   struct fault *fault)
{
	char flag[128];

	write_flag(table, argv, flag, sizeof flag);
	if (option == ':')
		return fault_set(fault, "%s needs a value; see %s", flag, see);
	if (optopt >= LONG_ONLY)
		return fault_set(fault, "%s takes no value; see %s", flag, see);
	return fault_set(fault, "%s: no such flag; see %s", flag, see);
}

/* getopt takes the next word as the value even if it is a flag: "--spool --store FILE" would use a
 * folder named --store. Such a value must be given as --spool=--store. */
static bool took_a_flag(char *const *argv)
{
	return optarg && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0;
}

static int apply(const struct table *table, int i, char *const *argv, const char *see,
		 struct fault *fault)
{
	const struct option_entry *entry = table->entries[i];
	char where[OPTION_KEY_SIZE + 2];

	if (took_a_flag(argv))
		return fault_set(fault, "%.100s needs a value; see %s", argv[optind - 2], see);
	if (!table->targets[i])
		return 0;
	snprintf(where, sizeof where, "--%s", entry->name);
	return set(entry, table->targets[i], where, NULL, optarg, fault);
}

int option_parse(const struct option_part *parts, int argc, char **argv, bool stop, const char *see,
		 struct fault *fault)
{
	struct table table;
	int option, error = 0;

	make(&table, parts, stop);
	optind = 0; /* restart the scan, and drop an order chosen before */
	opterr = 0;
	while (error == 0 &&
	       (option = getopt_long(argc, argv, table.letters, table.longs, NULL)) != -1)
		error = option == '?' || option == ':'
				? misused(&table, argv, option, see, fault)
				: apply(&table, find(&table, option), argv, see, fault);
	return error < 0 ? error : optind;
}

/* ---- The configuration file ---------------------------------------------- */

const char *option_key(const struct option_entry *entry, char ret_key[OPTION_KEY_SIZE])
{
	snprintf(ret_key, OPTION_KEY_SIZE, "%s", entry->name);
	for (char *c = ret_key; *c; c++)
		if (*c == '-')
			*c = '_';
	return ret_key;
}

const struct option_entry *option_by_key(const struct option_entry *entries, const char *key)
{
	char own[OPTION_KEY_SIZE];

	for (; entries->name; entries++)
		if ((entries->flags & OPTION_IN_FILE) && strcmp(option_key(entries, own), key) == 0)
			return entries;
	return NULL;
}

static int no_such_key(const struct option_entry *entries, const char *where, const char *key,
		       struct fault *fault)
{
	char own[OPTION_KEY_SIZE];

	fault_set(fault, "%.200s: %.64s: no such key; there are", where, key);
	for (; entries->name; entries++)
		if (entries->flags & OPTION_IN_FILE)
			fault_add(fault, " %s", option_key(entries, own));
	return -EINVAL;
}

int option_set_key(const struct option_entry *entries, void *target, const char *where,
		   const char *key, const char *value, struct fault *fault)
{
	const struct option_entry *entry = option_by_key(entries, key);

	return entry ? set(entry, target, where, key, value, fault)
		     : no_such_key(entries, where, key, fault);
}

struct reading {
	const struct option_entry *entries;
	void *target;
};

static int take_key(void *user, const char *where, const char *key, const char *value,
		    struct fault *fault)
{
	const struct reading *reading = user;

	return option_set_key(reading->entries, reading->target, where, key, value, fault);
}

int option_read_file(const struct option_entry *entries, void *target, const char *path,
		     struct fault *fault)
{
	struct reading reading = { entries, target };
	struct config_lines lines = { .user = &reading, .key = take_key };

	return config_file_read(path, &lines, fault);
}

void option_update(const struct option_entry *entries, void *now, const void *wanted,
		   void (*kept)(const char *key))
{
	char key[OPTION_KEY_SIZE];

	for (; entries->name; entries++) {
		char *to = (char *)now + entries->offset;
		const char *from = (const char *)wanted + entries->offset;

		/* Comparing whole texts is safe: option_text() clears the bytes behind them. */
		if (!(entries->flags & OPTION_IN_FILE) || memcmp(to, from, entries->size) == 0)
			continue;
		if (entries->flags & OPTION_RELOADS)
			memcpy(to, from, entries->size);
		else
			kept(option_key(entries, key));
	}
}
