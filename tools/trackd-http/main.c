/* SPDX-License-Identifier: MIT */
/* trackd-http, the gateway. It reads the command line and the configuration file; service.c
 * serves. */
#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include "tools/trackd-http/auth/auth.h"
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
			log_error("key_file: %s", why);
			return EXIT_CODE_USAGE;
		}
		auth_close(auth);
	}
	printf("configuration is valid: listening on %s, operators on %s, %s\n", config->listen,
	       config->admin[0] ? config->admin : "nothing",
	       config->auth.key_file[0] ? config->auth.key_file : "no key: no user can sign in");
	return EXIT_CODE_DONE;
}

static int run_verb(const struct config *config, int argc, char **argv)
{
	if (strcmp(argv[0], "token") == 0)
		return verb_token(&config->auth, argc, argv);
	log_error("%s: no such verb; the only one is token. See trackd-http --help", argv[0]);
	return EXIT_CODE_USAGE;
}

static int run(const struct options *options)
{
	static struct config config;
	static struct fault fault;

	if (options->help) {
		options_help(stdout);
		return EXIT_CODE_DONE;
	}
	if (options->version) {
		printf("trackd-http %s\n", trackd_version());
		return EXIT_CODE_DONE;
	}
	if (options_config(options, &config, &fault) < 0) {
		log_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	if (options->check)
		return check(&config);
	if (options->verb > 0)
		return run_verb(&config, options->argc - options->verb,
				options->argv + options->verb);
	return service_run(options, &config);
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct fault fault;

	log_init("trackd-http", LOG_WAITS);
	if (option_list_wanted(argc, argv)) {
		options_list(stdout);
		verb_token_list(stdout);
		return EXIT_CODE_DONE;
	}
	if (options_parse(&options, argc, argv, &fault) < 0) {
		log_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	return run(&options);
}
