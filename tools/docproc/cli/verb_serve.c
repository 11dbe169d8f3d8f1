/* SPDX-License-Identifier: MIT */
/* docproc serve, docproc --spool DIR. */
#include "tools/common/exit_code.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/config/ownership.h"
#include "tools/docproc/server/server.h"
#include "tools/docproc/store/attempts.h"

static int run(const struct config *config, int n_arguments, char **arguments)
{
	struct failure failure;

	(void)n_arguments;
	(void)arguments;
	if (ownership_check(config->spool, &failure) < 0 || attempts_folder(config, &failure) < 0) {
		failure_tell(&failure);
		return EXIT_CODE_PERMISSION;
	}
	return server_run(config);
}

const struct verb verb_serve = {
	VERB("serve", "Process the documents submitted to the spool (the same as --spool DIR)",
	     run),
	VERB_ARGUMENTS("", 0, 0, NULL),
};
