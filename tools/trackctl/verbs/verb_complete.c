/* SPDX-License-Identifier: MIT */
/* trackctl complete: end a task as completed. */
#include "tools/trackctl/verbs/verbs.h"

static struct options {
	const char *result;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, result, .name = "result", .letter = 'r', .takes = "TEXT",
	       .help = "what it came to: a path, a number, a line of JSON", .set = option_word),
	{ 0 },
};

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_ref ref;
	int code = ctl_open(ctl, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER, 0);

	if (code == 0)
		code = ctl_find(ctl, arguments[0], &ref);
	if (code != 0)
		return code;
	int error = trackd_complete_with(ctl->trackd, ref, n_arguments > 1 ? arguments[1] : NULL,
					 options.result);
	if (error == TRACKD_E_FINAL)
		return ctl_is_final(ctl, arguments[0]);
	return error < 0 ? ctl_error(error, "%s", arguments[0]) : EXIT_CODE_DONE;
}

const struct verb verb_complete = {
	VERB("complete", "End a task: completed", run),
	VERB_ARGUMENTS("ID [MESSAGE]", 1, 2, "@active -"),
	VERB_OPTIONS(flags, options),
};
