/* SPDX-License-Identifier: MIT */
/* trackctl show: shows one task, formatted or as JSON. */
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/detail.h"

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	(void)n_arguments;
	if (code == 0)
		code = ctl_find_task(ctl, arguments[0], &task);
	if (code != 0)
		return code;
	if (ctl->json)
		return ctl_print_json(ctl_task_json(&task), false);
	detail_print(stdout, &ctl->terminal, &task);
	return EXIT_CODE_DONE;
}

const struct verb verb_show = {
	VERB("show", "Show one task: stages, times, worker, message", run),
	VERB_ARGUMENTS("ID", 1, 1, "@id"),
	.prefixes = true,
};
