/* SPDX-License-Identifier: MIT */
/* Flags are --KEY VALUE with - for _, made from the list of settings. */
#include "tools/docproc/cli/cli.h"
#include "tools/common/option_value.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>

#define DEFAULT_PATH "/etc/trackd/docproc.conf"

static const struct {
	const char *key, *takes, *help;
} keys[] = {
#define KEY_ROW(key, takes, help) { #key, takes, help },
	DOCPROC_KEYS(KEY_ROW)
};

enum { N_KEYS = sizeof keys / sizeof keys[0], OWN_MAX = 8, KEY = 256, OWN = 400, FILE_FLAG = 500 };

struct table {
	struct option options[N_KEYS + OWN_MAX + 4];
	char names[N_KEYS][32];
	int n;
};

static void put(struct table *table, const char *name, bool argument, int value)
{
	table->options[table->n++] = (struct option){
		.name = name,
		.has_arg = argument ? required_argument : no_argument,
		.val = value,
	};
}

static void make(struct table *table, const struct cli_flag *own)
{
	*table = (struct table){ .n = 0 };
	for (int i = 0; i < N_KEYS; i++) {
		snprintf(table->names[i], sizeof table->names[i], "%s", keys[i].key);
		for (char *c = table->names[i]; *c; c++)
			if (*c == '_')
				*c = '-';
		put(table, table->names[i], true, KEY + i);
	}
	for (int i = 0; own && own[i].name && i < OWN_MAX; i++)
		put(table, own[i].name, own[i].text != NULL, OWN + i);
	put(table, "config", true, FILE_FLAG);
	put(table, "help", false, 'h');
	put(table, "version", false, 'V');
}

/* ---- The file ------------------------------------------------------------ */

static const char *named_file(int argc, char **argv)
{
	static const char flag[] = "--config";
	const size_t length = sizeof flag - 1;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], flag, length) != 0)
			continue;
		if (argv[i][length] == '=')
			return argv[i] + length + 1;
		if (argv[i][length] == '\0' && i + 1 < argc)
			return argv[i + 1];
	}
	return NULL;
}

int cli_begin(struct config *ret_config, int argc, char **argv)
{
	const char *path = named_file(argc, argv);
	struct setting_fault fault;

	settings_default(ret_config);
	int error = settings_read(ret_config, path ? path : DEFAULT_PATH, &fault);
	/* Only a file that was asked for must be there. */
	if (error >= 0 || (error == -ENOENT && !path))
		return 0;
	/* Made for the service, it may name keys that others may not see. */
	if (error == -EACCES && !path)
		return 0;
	fprintf(stderr, "docproc: %s\n", fault.text);
	return -1;
}

/* ---- Flags --------------------------------------------------------------- */

static int apply(struct config *config, struct cli *cli, const struct table *table, int flag)
{
	struct setting_fault fault;
	char where[48];

	snprintf(where, sizeof where, "--%s", table->names[flag - KEY]);
	if (strcmp(keys[flag - KEY].key, "spool") == 0)
		cli->spool_named = true;
	if (settings_set(config, where, keys[flag - KEY].key, optarg, &fault) == 0)
		return 0;
	fprintf(stderr, "docproc: %s\n", fault.text);
	return -1;
}

static int without_value(char *const *argv)
{
	fprintf(stderr, "docproc: %.100s needs a value; see docproc --help\n",
		option_without_value(argv));
	return -1;
}

static int take(struct config *config, struct cli *cli, const struct cli_flag *own,
		const struct table *table, int flag)
{
	if (flag >= KEY && flag < KEY + N_KEYS)
		return apply(config, cli, table, flag);
	if (flag >= OWN && flag < OWN + OWN_MAX) {
		if (own[flag - OWN].text)
			*own[flag - OWN].text = optarg;
		else
			*own[flag - OWN].set = true;
	} else if (flag == 'h') {
		cli->help = true;
	} else if (flag == 'V') {
		cli->version = true;
	} else if (flag != FILE_FLAG) {
		return -1; /* getopt has said it */
	}
	return 0;
}

int cli_read(struct config *config, struct cli *cli, const struct cli_flag *own, int argc,
	     char **argv, bool stop)
{
	char *name = argv[0], program[] = "docproc";
	struct table table;
	int flag, error = 0;

	make(&table, own);
	optind = 0;
	argv[0] = program;
	while (error == 0 &&
	       (flag = getopt_long(argc, argv, stop ? "+hV" : "hV", table.options, NULL)) != -1)
		error = option_took_flag(argv) ? without_value(argv)
					       : take(config, cli, own, &table, flag);
	argv[0] = name;
	return error < 0 ? -1 : optind;
}

/* ---- Help ---------------------------------------------------------------- */

static void line(FILE *file, const char *name, const char *takes, const char *help)
{
	char left[64];

	snprintf(left, sizeof left, "--%s%s%s", name, takes ? " " : "", takes ? takes : "");
	fprintf(file, "  %-26s %s\n", left, help);
}

void cli_help_flags(FILE *file, const struct cli_flag *own)
{
	for (int i = 0; own && own[i].name; i++)
		line(file, own[i].name, own[i].takes, own[i].help);
}

void cli_help_settings(FILE *file)
{
	struct table table;

	make(&table, NULL);
	for (int i = 0; i < N_KEYS; i++)
		line(file, table.names[i], keys[i].takes, keys[i].help);
	line(file, "config", "FILE", "read this file (default " DEFAULT_PATH ")");
	line(file, "help", NULL, "show this");
	line(file, "version", NULL, "show the version");
}
