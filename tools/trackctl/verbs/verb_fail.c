/* SPDX-License-Identifier: MIT */
/* trackctl fail: end a task as failed. */
#include "tools/trackctl/verbs/verbs.h"

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_ref ref;
	int code = ctl_open(ctl, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER, 0);

	(void)n_arguments;
	if (code == 0)
		code = ctl_find(ctl, arguments[0], &ref);
	if (code != 0)
		return code;
	int error = trackd_fail(ctl->trackd, ref, arguments[1]);
	if (error == TRACKD_E_FINAL)
		return ctl_is_final(ctl, arguments[0]);
	return error < 0 ? ctl_error(error, "%s", arguments[0]) : EXIT_CODE_DONE;
}

const struct verb verb_fail = {
	VERB("fail", "End a task: failed, with an error", run),
	VERB_ARGUMENTS("ID ERROR", 2, 2, "@active -"),
};
