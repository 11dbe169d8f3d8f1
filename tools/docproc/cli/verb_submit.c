/* SPDX-License-Identifier: MIT */
/* docproc submit: submit a file to a spool, as a gateway does. Its id is written to standard
 * output. */
#include "tools/common/log.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/config/ownership.h"
#include "tools/docproc/worker/child.h"
#include "tools/documents/spool.h"
#include <stdio.h>
#include <unistd.h>

static struct source source;

static int hand_in(const struct config *config)
{
	struct trackd_options options =
		child_options(config, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER);
	struct failure failure;
	struct spool spool;
	struct trackd *trackd;
	int error = trackd_open(&trackd, &options);

	if (error < 0) {
		log_error("%s", trackd_strerror(error));
		return (int)exit_code_of_error(error);
	}
	int code = EXIT_CODE_PERMISSION, result = 0;
	/* Root may submit to a spool that exists. */
	if (access(config->spool, F_OK) != 0)
		result = ownership_check(config->spool, &failure);
	if (result == 0)
		result = spool_open(&spool, config->spool, &failure);
	error = 0;
	if (result == 0) {
		result = spool_submit_file(&spool, trackd, source.fd, &source.entry, &error,
					   &failure);
		code = error < 0 ? (int)exit_code_of_error(error) : EXIT_CODE_BUSY;
		spool_close(&spool);
	}
	trackd_close(trackd);
	if (result == 0) {
		printf("%s\n", source.entry.id);
		return EXIT_CODE_DONE;
	}
	failure_tell(&failure);
	return code;
}

static int run(const struct config *config, int n_arguments, char **arguments)
{
	(void)n_arguments;
	int code = source_open(&source, arguments[0]);
	if (code != 0)
		return code;
	code = hand_in(config);
	close(source.fd);
	return code;
}

const struct verb verb_submit = {
	VERB("submit", "Submit a file to the spool", run),
	VERB_ARGUMENTS("FILE [--id ID] [--owner USER] [--name NAME]", 1, 1, "@file"),
	VERB_OPTIONS(source_entries, source),
};
