/* SPDX-License-Identifier: MIT */
/* The command line is stored unparsed: its settings are applied after the file's, at start and at
 * every reload. */
#include "daemon/config/options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/etc/trackd/trackd.conf"
#define SEE_HELP "trackd --help"

#define OPT(member, ...) OPTION(struct options, member, __VA_ARGS__)
static const struct option_entry own[] = {
	OPT(path, .name = "config", .takes = "FILE",
	    .help = "read this file (default " DEFAULT_PATH ")", .set = option_word),
	OPT(user, .name = "user", .help = "the board of this user, /trackd-UID",
	    .set = option_switch),
	OPT(check, .name = "check-config", .help = "check the configuration and exit",
	    .set = option_switch),
	OPT(remove, .name = "remove", .help = "remove a board that no daemon serves, and exit",
	    .set = option_switch),
	OPTION_HELP_AND_VERSION(struct options),
	{ 0 },
};
#undef OPT

int options_parse(struct options *ret_options, int argc, char **argv, struct fault *fault)
{
	struct options options = { .argc = argc, .argv = argv };
	struct config given = { .board_named = false };
	const struct option_part parts[] = { { config_entries, &given }, { own, &options }, { 0 } };
	int first = option_parse(parts, argc, argv, true, SEE_HELP, fault);

	if (first < 0)
		return first;
	if (first < argc)
		return fault_set(fault, "%.100s: trackd takes flags only; see " SEE_HELP,
				 argv[first]);
	/* Without a board's name, a user other than root gets the user's own board. */
	if (geteuid() != 0 && !given.board_named && !options.path)
		options.user = true;
	*ret_options = options;
	return 0;
}

static int apply_flags(const struct options *options, struct config *config, struct fault *fault)
{
	const struct option_part parts[] = { { config_entries, config }, { own, NULL }, { 0 } };
	int first = option_parse(parts, options->argc, options->argv, true, SEE_HELP, fault);

	return first < 0 ? first : 0;
}

/* A user's own file, or the system's. */
static void default_path(const struct options *options, char *path, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (!options->user)
		snprintf(path, size, "%s", DEFAULT_PATH);
	else if (config && config[0] == '/')
		snprintf(path, size, "%s/trackd/trackd.conf", config);
	else
		snprintf(path, size, "%s/.config/trackd/trackd.conf", home ? home : "");
}

int options_config(const struct options *options, struct config *ret_config, struct fault *fault)
{
	struct config config;
	char path[PATH_MAX];
	int error;

	config_defaults(&config, options->user);
	if (options->path)
		snprintf(path, sizeof path, "%s", options->path);
	else
		default_path(options, path, sizeof path);
	error = config_read(&config, path, fault);
	/* Only a file named on the command line must exist. */
	if (error < 0 && !(error == -ENOENT && !options->path))
		return error;
	error = apply_flags(options, &config, fault);
	if (error == 0)
		error = config_finish(&config, fault);
	if (error == 0)
		*ret_config = config;
	return error;
}

void options_help(FILE *file)
{
	fputs("trackd keeps a board of task records in shared memory: it creates and adopts the "
	      "board,\n"
	      "fails the tasks of dead workers, reclaims expired tasks, and wakes waiting "
	      "clients.\n\n"
	      "Usage: trackd [--user] [--config FILE] [flags]\n\n",
	      file);
	option_help(file, config_entries, false);
	option_help(file, own, false);
	fputs("\nSIGHUP reads the configuration again; SIGTERM writes the snapshot and\n"
	      "exits; the board stays. See trackd(8) and trackd.conf(5).\n",
	      file);
}

void options_list(FILE *file)
{
	option_list(file, "-", config_entries);
	option_list(file, "-", own);
}
