/* SPDX-License-Identifier: MIT */
/* The command line: the settings as flags, and what a verb knows beside them. */
#ifndef DOCPROC_CLI_CLI_H
#define DOCPROC_CLI_CLI_H

#include "tools/docproc/config/config.h"
#include <stdio.h>

struct cli {
	bool help, version;
	const char *path; /* --config; cli_begin() has looked for it already */
};

/* Defaults and the configuration file: that of --config anywhere on the command line, else
 * /etc/trackd/docproc.conf if there is one. 0, or -1 after a message on stderr. */
int cli_begin(struct config *ret_config, int argc, char **argv);

/*
 * Apply the flags. own: what is known beside the settings and where its values go, or NULL. stop: at
 * the first argument that is no flag. The index of the first argument in argv, which is reordered so
 * that arguments come last unless stop; or -1 after a message on stderr.
 */
int cli_read(struct config *config, struct cli *cli, const struct option_entry *own, void *target,
	     int argc, char **argv, bool stop);

/* The settings and what every verb knows, as option_help() and option_list() do. */
void cli_help(FILE *file);
void cli_list(FILE *file);

#endif
