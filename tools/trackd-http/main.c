/* SPDX-License-Identifier: MIT */
/* trackd-http: the gateway. What to do is read from the command line and the configuration file;
 * service.c serves. */
#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/note.h"
#include "tools/trackd-http/config/options.h"
#include "tools/trackd-http/service.h"
#include "tools/trackd-http/verb_token.h"
#include <stdlib.h>
#include <string.h>

static int check(const struct config *config)
{
	char why[512];
	struct auth *auth;

	if (config->auth.key_file[0] != '\0') {
		if (auth_open(&config->auth, &auth, why, sizeof why) < 0) {
			note_error("key_file: %s", why);
			return EXIT_CODE_USAGE;
		}
		auth_close(auth);
	}
	printf("configuration is valid: listening on %s, operators on %s, %s\n", config->listen,
	       config->admin[0] ? config->admin : "nothing",
	       config->auth.key_file[0] ? config->auth.key_file : "no key: nobody can sign in");
	return EXIT_CODE_DONE;
}

static int run_verb(const struct config *config, int argc, char **argv)
{
	if (strcmp(argv[0], "token") == 0)
		return verb_token(&config->auth, argc, argv);
	note_error("%s: no such verb; there is token. See trackd-http --help", argv[0]);
	return EXIT_CODE_USAGE;
}

static int run(const struct options *options, const struct config *config)
{
	switch (options->action) {
	case OPTIONS_SERVE:
		return service_run(options, config);
	case OPTIONS_VERB:
		return run_verb(config, options->argc - options->verb,
				options->argv + options->verb);
	case OPTIONS_CHECK:
		return check(config);
	case OPTIONS_HELP:
		options_help(stdout);
		return EXIT_CODE_DONE;
	case OPTIONS_VERSION:
		printf("trackd-http %s\n", trackd_version());
		return EXIT_CODE_DONE;
	}
	return EXIT_CODE_USAGE;
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct config config;
	static struct setting_fault fault;
	int error;

	note_begin("trackd-http");
	error = options_parse(&options, argc, argv, &fault);
	if (error == 0 && options.action != OPTIONS_HELP && options.action != OPTIONS_VERSION)
		error = options_config(&options, &config, &fault);
	if (error < 0) {
		note_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	return run(&options, &config);
}
