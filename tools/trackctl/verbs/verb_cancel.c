/* SPDX-License-Identifier: MIT */
/* trackctl cancel: a pending task ends at once; the worker of an active one is asked to stop. */
#include "tools/trackctl/verbs/verbs.h"
#include <stdio.h>

static struct options {
	bool ended;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, ended, .name = "ended",
	       .help = "for the worker itself: end the task as cancelled", .set = option_switch),
	{ 0 },
};

static int cancel_one(struct ctl *ctl, const char *id)
{
	struct trackd_ref ref;
	int code = ctl_find(ctl, id, &ref);

	if (code != 0)
		return code;
	int result = options.ended ? trackd_cancelled(ctl->trackd, ref, NULL)
				   : trackd_cancel(ctl->trackd, ref);
	if (result == TRACKD_E_FINAL)
		return ctl_is_final(ctl, id);
	if (result < 0)
		return ctl_error(result, "%s", id);
	if (!options.ended && result == TRACKD_CANCEL_ASKED && ctl->terminal.tty)
		fprintf(stderr, "asked; trackctl watch %s shows when its worker stops\n", id);
	return EXIT_CODE_DONE;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	return verb_each(ctl, n_arguments, arguments, cancel_one);
}

const struct verb verb_cancel = {
	VERB("cancel", "Request the cancellation of tasks; pending ones end at once", run),
	VERB_ARGUMENTS("ID...", 1, -1, "@active"),
	VERB_OPTIONS(flags, options),
};
