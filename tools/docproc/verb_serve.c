/* SPDX-License-Identifier: MIT */
/* docproc serve, docproc --spool DIR. */
#include "attempts.h"
#include "cli.h"
#include "server.h"
#include "tools/common/exit_code.h"
#include "tools/common/note.h"
#include "verbs.h"
#include <stdio.h>
#include <string.h>

int verb_serve(const struct config *config, int argc, char **argv)
{
	struct config own = *config;
	struct cli cli = { 0 };
	int first = cli_read(&own, &cli, NULL, argc, argv, false);

	if (cli.help || first != argc) {
		fputs("usage: docproc serve [--spool DIR] [--jobs N] [settings]\n",
		      cli.help ? stdout : stderr);
		return cli.help ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
	}
	int error = attempts_folder(&own);
	if (error < 0) {
		note_error("the folder of %s cannot be made: %s", own.store, strerror(-error));
		return EXIT_CODE_PERMISSION;
	}
	return server_run(&own);
}
