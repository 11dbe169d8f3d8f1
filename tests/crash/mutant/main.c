/* SPDX-License-Identifier: MIT */
/*
 * A test of the tests: this program is linked with one module of the library that is broken on
 * purpose (tests/crash/mutants). It passes if killing the operations at their instructions detects
 * the fault.
 */
#include "tests/crash/engine/campaign.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/tap.h"
#include <string.h>

static const char *name_of(const char *program)
{
	const char *slash = strrchr(program, '/');

	return slash ? slash + 1 : program;
}

int main(int argc, char **argv)
{
	struct campaign campaign = { 0 };
	unsigned i = 0;

	(void)argc;
	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	while (i < n_operations && campaign.faults == 0)
		campaign_kill_states(&campaign, &operations[i++]);
	tap_ok(campaign.faults > 0, "%s is caught in %s (%lu bad states of %lu, after %lu kills)",
	       name_of(argv[0]), i > 0 ? operations[i - 1].name : "none", campaign.faults,
	       campaign.states, campaign.kills);
	campaign_free(&campaign);
	return tap_done();
}
