/* SPDX-License-Identifier: MIT */
/* Flags are --KEY VALUE with - for _. */
#include "tools/trackd-http/config/options.h"
#include "tools/common/option_value.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>

#define DEFAULT_PATH "/etc/trackd/http.conf"

enum { FLAG_KEY = 256 /* and upwards: the keys in their order */, FLAG_CONFIG = 400, FLAG_CHECK };

static const struct {
	const char *key, *takes, *help;
} keys[] = {
#define KEY_ROW(key, takes, help, reload) { #key, takes, help },
	CONFIG_KEYS(KEY_ROW)
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static const struct option others[] = {
	{ "config", required_argument, NULL, FLAG_CONFIG },
	{ "check-config", no_argument, NULL, FLAG_CHECK },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};
enum { N_OTHERS = sizeof others / sizeof others[0] };

struct flags {
	struct option table[N_KEYS + N_OTHERS];
	char names[N_KEYS][32];
};

static void flags_make(struct flags *flags)
{
	for (int i = 0; i < N_KEYS; i++) {
		snprintf(flags->names[i], sizeof flags->names[i], "%s", keys[i].key);
		for (char *c = flags->names[i]; *c; c++)
			if (*c == '_')
				*c = '-';
		flags->table[i] =
			(struct option){ flags->names[i], required_argument, NULL, FLAG_KEY + i };
	}
	memcpy(flags->table + N_KEYS, others, sizeof others);
}

static int next_flag(const struct options *options, const struct flags *flags)
{
	return getopt_long(options->argc, options->argv, "+:hV", flags->table, NULL);
}

static int misused(struct setting_fault *fault, const char *word, int flag)
{
	return setting_fault_set(fault,
				 flag == ':' ? "%.100s needs a value; see trackd-http --help"
					     : "%.100s: no such flag; see trackd-http --help",
				 word);
}

static void note(struct options *options, int flag)
{
	switch (flag) {
	case FLAG_CONFIG:
		options->path = optarg;
		break;
	case FLAG_CHECK:
		options->action = OPTIONS_CHECK;
		break;
	case 'h':
		options->action = OPTIONS_HELP;
		break;
	case 'V':
		options->action = OPTIONS_VERSION;
		break;
	default: /* a key: options_config() applies it */
		break;
	}
}

int options_parse(struct options *ret_options, int argc, char **argv, struct setting_fault *fault)
{
	struct options options = { .argc = argc, .argv = argv };
	struct flags flags;
	int flag;

	flags_make(&flags);
	optind = 0;
	opterr = 0;
	while ((flag = next_flag(&options, &flags)) != -1) {
		if (flag == '?' || flag == ':')
			return misused(fault, argv[optind - 1], flag);
		if (option_took_flag(argv))
			return misused(fault, option_without_value(argv), ':');
		note(&options, flag);
	}
	if (optind < argc && options.action == OPTIONS_SERVE) {
		options.action = OPTIONS_VERB;
		options.verb = optind;
	} else if (optind < argc) {
		return setting_fault_set(fault, "%.100s: this goes without a verb", argv[optind]);
	}
	*ret_options = options;
	return 0;
}

static int apply_flags(const struct options *options, struct config *config,
		       struct setting_fault *fault)
{
	struct flags flags;
	char where[64];
	int flag, error = 0;

	flags_make(&flags);
	optind = 0;
	opterr = 0;
	while (error == 0 && (flag = next_flag(options, &flags)) != -1) {
		if (flag < FLAG_KEY || flag >= FLAG_KEY + N_KEYS)
			continue;
		snprintf(where, sizeof where, "--%s", flags.names[flag - FLAG_KEY]);
		error = config_set(config, where, keys[flag - FLAG_KEY].key, optarg, fault);
	}
	return error;
}

int options_config(const struct options *options, struct config *ret_config,
		   struct setting_fault *fault)
{
	struct config config;
	int error;

	config_defaults(&config);
	error = config_read(&config, options->path ? options->path : DEFAULT_PATH, fault);
	/* Only a file that was asked for must be there. */
	if (error < 0 && !(error == -ENOENT && !options->path))
		return error;
	error = apply_flags(options, &config, fault);
	if (error == 0)
		*ret_config = config;
	return error;
}

void options_help(FILE *file)
{
	struct flags flags;
	char left[64];

	flags_make(&flags);
	fputs("trackd-http shows tasks to people and programs over HTTP, and takes documents "
	      "in.\n\n"
	      "Usage: trackd-http [--config FILE] [flags]\n"
	      "       trackd-http token --sub USER [--ttl TIME] [--key-file FILE]\n\n",
	      file);
	for (int i = 0; i < N_KEYS; i++) {
		snprintf(left, sizeof left, "--%s %s", flags.names[i], keys[i].takes);
		fprintf(file, "  %-25s %s\n", left, keys[i].help);
	}
	fputs("  --config FILE             read this file (default " DEFAULT_PATH ")\n"
	      "  --check-config            say whether the configuration is valid, and exit\n"
	      "  --help, --version\n\n"
	      "SIGHUP reads the configuration and the key again; SIGTERM ends what is open and "
	      "exits.\nSee trackd-http(1).\n",
	      file);
}
