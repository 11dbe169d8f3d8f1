/* SPDX-License-Identifier: MIT */
/* The command line is kept, because its settings are applied after the file at start and at every
 * reload. */
#include "tools/trackd-http/config/options.h"
#include <errno.h>

#define DEFAULT_PATH "/etc/trackd/http.conf"
#define SEE_HELP "trackd-http --help"

#define OPT(member, ...) OPTION(struct options, member, __VA_ARGS__)
static const struct option_entry own[] = {
	OPT(path, .name = "config", .takes = "FILE",
	    .help = "read this file (default " DEFAULT_PATH ")", .set = option_word),
	OPT(check, .name = "check-config", .help = "check the configuration and exit",
	    .set = option_switch),
	OPTION_HELP_AND_VERSION(struct options),
	{ 0 },
};
#undef OPT

int options_parse(struct options *ret_options, int argc, char **argv, struct fault *fault)
{
	struct options options = { .argc = argc, .argv = argv };
	const struct option_part parts[] = { { config_entries, NULL }, { own, &options }, { 0 } };
	int first = option_parse(parts, argc, argv, true, SEE_HELP, fault);

	if (first < 0)
		return first;
	if (first < argc && (options.check || options.help || options.version))
		return fault_set(fault, "%.100s is not allowed with a verb", argv[first]);
	options.verb = first < argc ? first : 0;
	*ret_options = options;
	return 0;
}

int options_config(const struct options *options, struct config *ret_config, struct fault *fault)
{
	struct config config;
	const struct option_part parts[] = { { config_entries, &config }, { own, NULL }, { 0 } };
	int error;

	config_defaults(&config);
	error = option_read_file(config_entries, &config,
				 options->path ? options->path : DEFAULT_PATH, fault);
	/* The default file may be missing; a file given with --config may not. */
	if (error < 0 && !(error == -ENOENT && !options->path))
		return error;
	error = option_parse(parts, options->argc, options->argv, true, SEE_HELP, fault);
	if (error < 0)
		return error;
	*ret_config = config;
	return 0;
}

void options_help(FILE *file)
{
	fputs("trackd-http shows tasks to people and programs over HTTP, and accepts documents "
	      "in.\n\n"
	      "Usage: trackd-http [--config FILE] [flags]\n"
	      "       trackd-http token --sub USER [--ttl TIME] [--key-file FILE]\n\n",
	      file);
	option_help(file, config_entries, false);
	option_help(file, own, false);
	fputs("\nSIGHUP reloads the configuration and the key; SIGTERM ends open requests and "
	      "exits.\nSee trackd-http(1).\n",
	      file);
}

void options_list(FILE *file)
{
	option_list(file, "-", config_entries);
	option_list(file, "-", own);
}
