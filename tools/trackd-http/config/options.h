/* SPDX-License-Identifier: MIT */
/* The command line. It is kept as it is and applied after the file, at start and at every reload. */
#ifndef TRACKD_HTTP_CONFIG_OPTIONS_H
#define TRACKD_HTTP_CONFIG_OPTIONS_H

#include "tools/trackd-http/config/config.h"
#include <stdio.h>

struct options {
	int argc;
	char **argv;
	const char *path; /* --config; NULL: the default, if it is there */
	enum options_action {
		OPTIONS_SERVE,
		OPTIONS_VERB, /* argv[verb] is its name */
		OPTIONS_CHECK,
		OPTIONS_HELP,
		OPTIONS_VERSION,
	} action;
	int verb;
};

/* Keeps argv. 0, or -EINVAL with *fault filled. */
int options_parse(struct options *ret_options, int argc, char **argv, struct setting_fault *fault);

/* Defaults, the file, the flags. 0, or -errno with *fault filled. */
int options_config(const struct options *options, struct config *ret_config,
		   struct setting_fault *fault);

void options_help(FILE *file);

#endif
