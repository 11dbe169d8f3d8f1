/* SPDX-License-Identifier: MIT */
/* docproc serve, docproc --spool DIR. */
#include "tools/common/exit_code.h"
#include "tools/docproc/cli/cli.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/config/ownership.h"
#include "tools/docproc/server/server.h"
#include "tools/docproc/store/attempts.h"
#include <stdio.h>

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
	struct failure failure;
	if (ownership_check(own.spool, &failure) < 0 || attempts_folder(&own, &failure) < 0) {
		failure_tell(&failure);
		return EXIT_CODE_PERMISSION;
	}
	return server_run(&own);
}
