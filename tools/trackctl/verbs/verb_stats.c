/* SPDX-License-Identifier: MIT */
/* trackctl stats: shows how full and how busy the board is. */
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/statistics.h"

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct trackd_stats stats;
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	(void)n_arguments;
	(void)arguments;
	if (code == 0)
		code = statistics_read(ctl, &stats);
	if (code != 0)
		return code;
	if (ctl->json)
		return ctl_print_json(statistics_json(&stats), false);
	statistics_print(ctl, &stats);
	return EXIT_CODE_DONE;
}

const struct verb verb_stats = {
	VERB("stats", "Show how full and how busy the board is", run),
	VERB_ARGUMENTS("", 0, 0, NULL),
};
