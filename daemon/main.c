/* SPDX-License-Identifier: MIT */
/* trackd: the daemon that maintains a board. This file reads the command line and the configuration
 * file; service.c does the work. */
#include "daemon/board/adopt.h"
#include "daemon/board/state_directory.h"
#include "daemon/config/options.h"
#include "daemon/service.h"
#include "daemon/socket/listener.h"
#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include <stdio.h>
#include <string.h>

static int check(const struct config *config)
{
	int error = state_directory_check(config->state_dir);

	if (error < 0) {
		log_error("state_dir: %s: %s; " STATEDIR_ADVICE, config->state_dir,
			  strerror(-error));
		return EXIT_CODE_USAGE;
	}
	error = listener_check(config->socket);
	if (error < 0) {
		log_error("socket: %s: %s; %sgive --socket PATH", config->socket, strerror(-error),
			  listener_advice(error));
		return EXIT_CODE_USAGE;
	}
	printf("configuration is valid: board %s, socket %s, %u tasks\n", config->board,
	       config->socket, config->capacity);
	return EXIT_CODE_DONE;
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
		printf("trackd %s\n", trackd_version());
		return EXIT_CODE_DONE;
	}
	if (options_config(options, &config, &fault) < 0) {
		log_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	if (options->check)
		return check(&config);
	return options->remove ? adopt_remove(&config) : service_run(options, &config);
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct fault fault;

	log_init("trackd", LOG_NEVER_WAITS);
	if (option_list_wanted(argc, argv)) {
		options_list(stdout);
		return EXIT_CODE_DONE;
	}
	if (options_parse(&options, argc, argv, &fault) < 0) {
		log_error("%s", fault.text);
		return EXIT_CODE_USAGE;
	}
	return run(&options);
}
