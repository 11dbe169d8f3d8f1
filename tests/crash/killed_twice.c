/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Promise 2: a repairing process may die too. Every operation that touches chains is killed at
 * every instruction, and for every resulting state the repairing process is killed at a sample of
 * its instructions, or with the argument "all" at each of them.
 */
#include "tests/crash/engine/campaign.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/tap.h"
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	"create",
	"create over an expired task",
	"replace",
	"fail",
	"remove",
	"expire",
	"import over an older task",
	"evict a final task",
	"create with limits and a keeper",
	"message after a time limit",
	"no progress",
	"create a child",
	"set a parent",
	"complete a child",
	"no progress of a child",
	"remove a child",
	"expire a child",
	"remove a parent",
};

int main(int argc, char **argv)
{
	struct campaign campaign = { 0 };
	bool all = argc > 1 && strcmp(argv[1], "all") == 0;

	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		unsigned long faults = campaign.faults, kills = campaign.double_kills;

		campaign_kill_twice(&campaign, operation_find(names[i]), all ? 1 : 8, all ? 0 : 10);
		tap_ok(campaign.faults == faults && campaign.missed == 0 &&
			       campaign.double_kills > kills,
		       "repair after %s: %lu double kills, %lu bad", names[i],
		       campaign.double_kills - kills, campaign.faults - faults);
	}
	tap_note("%lu kills, %lu double kills in all", campaign.kills, campaign.double_kills);
	campaign_free(&campaign);
	return tap_done();
}
