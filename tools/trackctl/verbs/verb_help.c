/* SPDX-License-Identifier: MIT */
/* trackctl help: explains all verbs, or one. */
#include "tools/trackctl/verbs/verbs.h"

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	if (n_arguments == 0) {
		general_help(ctl);
		return EXIT_CODE_DONE;
	}
	const struct verb *verb = verb_find(arguments[0]);
	if (!verb)
		return verb_unknown(arguments[0]);
	verb_explain(verb);
	return EXIT_CODE_DONE;
}

const struct verb verb_help = {
	VERB("help", "Explain trackctl, or one verb", run),
	VERB_ARGUMENTS("[VERB]", 0, 1, "@verb -"),
};
