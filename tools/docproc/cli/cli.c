/* SPDX-License-Identifier: MIT */
#include "tools/docproc/cli/cli.h"
#include "tools/common/log.h"
#include <errno.h>
#include <string.h>

#define DEFAULT_PATH "/etc/trackd/docproc.conf"

static const struct option_entry common[] = {
	OPTION(struct cli, path, .name = "config", .takes = "FILE",
	       .help = "read this file (default " DEFAULT_PATH ")", .set = option_word),
	OPTION_HELP_AND_VERSION(struct cli),
	{ 0 },
};

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
	struct fault fault;

	config_defaults(ret_config);
	int error =
		option_read_file(config_entries, ret_config, path ? path : DEFAULT_PATH, &fault);
	ret_config->spool_named = false;
	/* The default file may be missing; a file given with --config may not. */
	if (error >= 0 || (error == -ENOENT && !path))
		return 0;
	/* The file is made for the service and may name keys, so users may have no access. */
	if (error == -EACCES && !path)
		return 0;
	log_error("%s", fault.text);
	return -1;
}

/* ---- Flags --------------------------------------------------------------- */

int cli_read(struct config *config, struct cli *cli, const struct option_entry *own, void *target,
	     int argc, char **argv, bool stop)
{
	const struct option_part parts[] = {
		{ config_entries, config }, { common, cli }, { own, target }, { 0 }
	};
	struct fault fault;
	int first = option_parse(parts, argc, argv, stop, "docproc --help", &fault);

	if (first >= 0)
		return first;
	log_error("%s", fault.text);
	return -1;
}

void cli_help(FILE *file)
{
	option_help(file, config_entries, false);
	option_help(file, common, false);
}

void cli_list(FILE *file)
{
	option_list(file, "-", config_entries);
	option_list(file, "-", common);
}
