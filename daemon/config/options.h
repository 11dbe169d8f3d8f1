/* SPDX-License-Identifier: MIT */
/* The command line: the settings as flags, and other actions. */
#ifndef TRACKD_DAEMON_CONFIG_OPTIONS_H
#define TRACKD_DAEMON_CONFIG_OPTIONS_H

#include "daemon/config/config.h"
#include <stdio.h>

struct options {
	bool help, version;
	bool check, remove; /* instead of running */
	bool user;          /* the board of this user */
	const char *path;   /* of the configuration file; NULL: the default path */
	int argc;           /* kept, so that a reload can apply the flags again */
	char **argv;
};

/* Read the command line. 0, or -EINVAL with *fault filled. */
int options_parse(struct options *ret_options, int argc, char **argv, struct fault *fault);

/* Apply the defaults, then the file, then the flags. 0, or a negative error with *fault filled. */
int options_config(const struct options *options, struct config *ret_config, struct fault *fault);

void options_help(FILE *file);
void options_list(FILE *file); /* as option_list() does */

#endif
