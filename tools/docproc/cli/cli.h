/* SPDX-License-Identifier: MIT */
/* The command line: the settings as flags, and the flags of the verbs. */
#ifndef DOCPROC_CLI_CLI_H
#define DOCPROC_CLI_CLI_H

#include "tools/docproc/config/config.h"
#include <stdio.h>

struct cli {
	bool help, version;
	const char *path; /* --config; cli_begin() has found it already */
};

/* Read the defaults and the configuration file: that of --config anywhere on the command line,
 * otherwise /etc/trackd/docproc.conf if it exists. 0, or -1 after a message on stderr. */
int cli_begin(struct config *ret_config, int argc, char **argv);

/*
 * Apply the flags. own: the verb's own flags and where their values go, or NULL. stop: at the first
 * argument that is not a flag; otherwise argv is reordered so that arguments come last. Returns the
 * index of the first argument in argv, or -1 after a message on stderr.
 */
int cli_read(struct config *config, struct cli *cli, const struct option_entry *own, void *target,
	     int argc, char **argv, bool stop);

/* Prints the settings and the flags common to all verbs, as option_help() and option_list() do. */
void cli_help(FILE *file);
void cli_list(FILE *file);

#endif
