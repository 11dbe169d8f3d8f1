/* SPDX-License-Identifier: MIT */
/* The command line. Flags are --KEY VALUE with - for _; they are kept as they are and applied after
 * the file, at start and at every reload. */
#include "daemon/config/options.h"
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/etc/trackd/trackd.conf"

enum {
	FLAG_KEY = 256, /* and upwards: the keys in their order */
	FLAG_KIND = 400,
	FLAG_CONFIG,
	FLAG_USER,
	FLAG_CHECK,
	FLAG_REMOVE,
};

#define KEY_NAME(key, takes, help, reload) #key,
static const char *const keys[] = { CONFIG_KEYS(KEY_NAME) };
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static const struct option others[] = {
	{ "kind", required_argument, NULL, FLAG_KIND },
	{ "config", required_argument, NULL, FLAG_CONFIG },
	{ "user", no_argument, NULL, FLAG_USER },
	{ "check-config", no_argument, NULL, FLAG_CHECK },
	{ "remove", no_argument, NULL, FLAG_REMOVE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};
enum { N_OTHERS = sizeof others / sizeof others[0] };

struct flags {
	struct option table[N_KEYS + N_OTHERS];
	char names[N_KEYS][32];
};

/* The flags as getopt wants them: state_dir is --state-dir. */
static void flags_make(struct flags *flags)
{
	for (int i = 0; i < N_KEYS; i++) {
		bool optional = strcmp(keys[i], "verbose") == 0;
		snprintf(flags->names[i], sizeof flags->names[i], "%s", keys[i]);
		for (char *c = flags->names[i]; *c; c++)
			if (*c == '_')
				*c = '-';
		flags->table[i] = (struct option){ flags->names[i],
						   optional ? optional_argument : required_argument,
						   NULL, FLAG_KEY + i };
	}
	memcpy(flags->table + N_KEYS, others, sizeof others);
}

/* getopt takes the next word for the value, even if that is a flag: --board --check-config. */
static bool took_a_flag(char *const *argv)
{
	return optarg && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0;
}

static int usage(struct config_fault *fault, const char *word, int flag)
{
	if (flag == ':')
		snprintf(fault->text, sizeof fault->text, "%.100s needs a value; see trackd --help",
			 word);
	else
		snprintf(fault->text, sizeof fault->text, "%.100s: no such flag; see trackd --help",
			 word);
	return -EINVAL;
}

static void note(struct options *options, int flag, bool *named)
{
	switch (flag) {
	case FLAG_KEY: /* board is the first key */
		*named = true;
		break;
	case FLAG_CONFIG:
		options->path = optarg;
		*named = true;
		break;
	case FLAG_USER:
		options->user = 1;
		break;
	case FLAG_CHECK:
		options->action = OPTIONS_CHECK;
		break;
	case FLAG_REMOVE:
		options->action = OPTIONS_REMOVE;
		break;
	case 'h':
		options->action = OPTIONS_HELP;
		break;
	case 'V':
		options->action = OPTIONS_VERSION;
		break;
	default: /* a key or a kind: options_config() applies it */
		break;
	}
}

int options_parse(struct options *ret_options, int argc, char **argv, struct config_fault *fault)
{
	struct options options = { .argc = argc, .argv = argv };
	struct flags flags;
	bool named = false;
	int flag;

	flags_make(&flags);
	optind = 0;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, "+:hVv", flags.table, NULL)) != -1) {
		if (flag == '?' || flag == ':')
			return usage(fault, argv[optind - 1], flag);
		if (took_a_flag(argv))
			return usage(fault, argv[optind - 2], ':');
		note(&options, flag, &named);
	}
	if (optind < argc) {
		snprintf(fault->text, sizeof fault->text,
			 "%.100s: trackd takes flags only; see trackd --help", argv[optind]);
		return -EINVAL;
	}
	/* Whoever is not root and names no board means the own one. */
	if (geteuid() != 0 && !named)
		options.user = 1;
	*ret_options = options;
	return 0;
}

static int apply_flags(const struct options *options, struct config *config,
		       struct config_fault *fault)
{
	struct flags flags;
	char where[64];
	int flag, error = 0;

	flags_make(&flags);
	optind = 0;
	opterr = 0;
	while (error == 0 && (flag = getopt_long(options->argc, options->argv, "+:hVv", flags.table,
						 NULL)) != -1) {
		if (flag == 'v') {
			config->verbose = 1;
		} else if (flag == FLAG_KIND) {
			error = config_set_kind(config, "--kind", optarg, fault);
		} else if (flag >= FLAG_KEY && flag < FLAG_KEY + N_KEYS) {
			snprintf(where, sizeof where, "--%s", flags.names[flag - FLAG_KEY]);
			error = config_set(config, where, keys[flag - FLAG_KEY],
					   optarg ? optarg : "yes", fault);
		}
	}
	return error;
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

int options_config(const struct options *options, struct config *ret_config,
		   struct config_fault *fault)
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
	/* Only a file that was asked for must be there. */
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
	struct flags flags;
	static const char *const takes[] = {
#define KEY_TAKES(key, takes, help, reload) takes,
		CONFIG_KEYS(KEY_TAKES)
	};
	static const char *const texts[] = {
#define KEY_HELP(key, takes, help, reload) help,
		CONFIG_KEYS(KEY_HELP)
	};
	char flag[48];

	flags_make(&flags);
	fputs("trackd keeps a board of task records in shared memory: it makes and adopts the "
	      "board,\n"
	      "fails the tasks of workers that died, reclaims what expired, and wakes who "
	      "waits.\n\n"
	      "Usage: trackd [--user] [--config FILE] [flags]\n\n",
	      file);
	for (int i = 0; i < N_KEYS; i++) {
		bool optional = flags.table[i].has_arg == optional_argument;
		snprintf(flag, sizeof flag, optional ? "--%s[=%s]" : "--%-18s %s", flags.names[i],
			 takes[i]);
		fprintf(file, "  %-28s %s\n", flag, texts[i]);
	}
	fputs("  --kind               SPEC    a kind of task: "
	      "NAME=STAGE:PERCENT,STAGE:PERCENT,...\n"
	      "  --config             FILE    read this file (default " DEFAULT_PATH ")\n"
	      "  --user                       the board of this user, /trackd-UID\n"
	      "  --check-config               say whether the configuration is valid, and exit\n"
	      "  --remove                     remove the board that no daemon serves, and exit\n"
	      "  -v                           --verbose=yes\n"
	      "  --help, --version\n\n"
	      "SIGHUP reads the configuration again; SIGTERM writes the snapshot, leaves the "
	      "board\n"
	      "and exits. See trackd(8) and trackd.conf(5).\n",
	      file);
}
