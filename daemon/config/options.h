/* SPDX-License-Identifier: MIT */
/* The command line: every key of the configuration as a flag, and what else there is to do. */
#ifndef TRACKD_DAEMON_CONFIG_OPTIONS_H
#define TRACKD_DAEMON_CONFIG_OPTIONS_H

#include "daemon/config/config.h"
#include <stdio.h>

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_REMOVE,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options {
	enum options_action action;
	int user;         /* the board of this user */
	const char *path; /* of the configuration file; NULL: the default place */
	int argc;         /* kept, so that a reload can apply the flags again */
	char **argv;
};

/* Read the command line. 0, or -EINVAL with *fault filled. */
int options_parse(struct options *ret_options, int argc, char **argv, struct config_fault *fault);

/* Defaults, then the file, then the flags. 0, or a negative error with *fault filled. */
int options_config(const struct options *options, struct config *ret_config,
		   struct config_fault *fault);

void options_help(FILE *file);

#endif
