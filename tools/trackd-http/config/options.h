/* SPDX-License-Identifier: MIT */
/* The command line: the settings as flags, and the other actions. */
#ifndef TRACKD_HTTP_CONFIG_OPTIONS_H
#define TRACKD_HTTP_CONFIG_OPTIONS_H

#include "tools/trackd-http/config/config.h"
#include <stdio.h>

struct options {
	bool help, version;
	bool check;       /* check the configuration instead of serving */
	const char *path; /* --config; NULL: the default, if it is there */
	int verb;         /* index of the verb in argv; 0: none, serve */
	int argc;         /* kept, so that a reload can apply the flags again */
	char **argv;
};

/* Keeps argv. 0, or -EINVAL with *fault filled. */
int options_parse(struct options *ret_options, int argc, char **argv, struct fault *fault);

/* Defaults, the file, the flags. 0, or -errno with *fault filled. */
int options_config(const struct options *options, struct config *ret_config, struct fault *fault);

void options_help(FILE *file);
void options_list(FILE *file); /* Prints as option_list() does, without the verb's options. */

#endif
