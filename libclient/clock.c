/* SPDX-License-Identifier: MIT */
/* The offset between two clocks that cannot be read at once. */
#include "clock.h"

__thread uint64_t clock_boot_last __attribute__((tls_model("initial-exec")));

int64_t clock_suspend_offset_ns(void)
{
	/* Monotonic on both sides of the other reading: a preemption between them shows, and the
	 * tightest wins. */
	int64_t best = 0;
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_monotonic_ns(), boot = clock_boot_ns();
		uint64_t after = clock_monotonic_ns();
		if (after - before < width) {
			width = after - before;
			best = (int64_t)(boot - before - width / 2);
		}
	}
	return best;
}
