/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Promise 1, a reader cannot be stalled: the only writer is stopped before every instruction of
 * every operation, while readers on a read-only mapping get, copy, look up and iterate over
 * everything. No call fails, misses a task or takes long.
 */
#include "tests/crash/engine/campaign.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/tap.h"

/* For about a hundred reader calls, which take about ten microseconds. */
static const uint64_t LIMIT_NS = 20000000;

int main(void)
{
	struct campaign campaign = { 0 };
	size_t looks = 0;

	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	for (unsigned i = 0; i < n_operations; i++) {
		unsigned long faults = campaign.faults;
		uint64_t slowest;
		size_t n = campaign_watch(&campaign, &operations[i], &slowest);

		tap_ok(n > 0 && campaign.faults == faults && slowest < LIMIT_NS,
		       "%s: %zu looks, %lu bad, the slowest %.2f ms", operations[i].name, n,
		       campaign.faults - faults, (double)slowest / 1e6);
		looks += n;
	}
	tap_note("%zu looks in all", looks);
	campaign_free(&campaign);
	return tap_done();
}
