/* SPDX-License-Identifier: MIT */
#include "tools/docproc/cli/verbs.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"

void verb_usage(const struct verb *verb, FILE *file)
{
	fprintf(file, "usage: docproc %s%s%s\n", verb->name,
		verb->name[0] && verb->arguments[0] ? " " : "", verb->arguments);
}

int verb_misused(const struct verb *verb, const char *what)
{
	if (what)
		log_error("%s", what);
	verb_usage(verb, stderr);
	return EXIT_CODE_USAGE;
}
