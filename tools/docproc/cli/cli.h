/* SPDX-License-Identifier: MIT */
/* The command line: every setting as a flag, what a verb knows beside them, and the help. */
#ifndef DOCPROC_CLI_CLI_H
#define DOCPROC_CLI_CLI_H

#include "tools/docproc/config/config.h"
#include <stdio.h>

struct cli_flag {
	const char *name; /* NULL ends the table */
	const char *takes, *help;
	const char **text; /* where the value goes; or */
	bool *set;         /* what becomes true, for a flag without value */
};

struct cli {
	bool help, version;
	bool spool_named; /* --spool was given: alone, it means to serve */
};

/* Defaults and the configuration file: that of --config anywhere on the command line, else
 * /etc/trackd/docproc.conf if there is one. 0, or -1 after a message on stderr. */
int cli_begin(struct config *ret_config, int argc, char **argv);

/*
 * Apply the flags. own: what is known beside the settings, or NULL. stop: at the first argument that
 * is no flag. The index of the first argument in argv, which is reordered so that arguments come
 * last unless stop; or -1 after a message on stderr.
 */
int cli_read(struct config *config, struct cli *cli, const struct cli_flag *own, int argc,
	     char **argv, bool stop);

void cli_help_flags(FILE *file, const struct cli_flag *own);
void cli_help_settings(FILE *file);

#endif
