/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=600 */
/*
 * Promise 2, no torn records: every operation is killed at every one of its instructions. Arguments
 * select operations by name.
 */
#include "tests/crash/engine/campaign.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/tap.h"
#include <stddef.h>

static void kill_operation(struct campaign *campaign, const struct operation *operation)
{
	unsigned long faults = campaign->faults, kills = campaign->kills, missed = campaign->missed;
	unsigned long states = campaign->states;

	campaign_kill(campaign, operation);
	tap_ok(campaign->faults == faults && campaign->missed == missed && campaign->kills > kills,
	       "%s: %lu kills, %lu different states left, %lu bad (%lu missed)", operation->name,
	       campaign->kills - kills, campaign->states - states, campaign->faults - faults,
	       campaign->missed - missed);
}

int main(int argc, char **argv)
{
	struct campaign campaign = { 0 };

	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	for (int i = 1; i < argc; i++)
		kill_operation(&campaign, operation_find(argv[i]));
	for (unsigned i = 0; argc == 1 && i < n_operations; i++)
		kill_operation(&campaign, &operations[i]);
	tap_note("%lu kills in all", campaign.kills);
	campaign_free(&campaign);
	return tap_done();
}
