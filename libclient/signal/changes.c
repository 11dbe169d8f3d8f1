/* SPDX-License-Identifier: MIT */
/* Sums the counters of ends and removals; see changes.h. */
#include "libclient/signal/changes.h"
#include "libclient/segment/atomic.h"

void changes_add(struct board *board)
{
	/* Orders the change before its count; pairs with the fence in changes_sum(). */
	fence_release();
	add_relaxed(&board->header->changes, 1);
}

uint64_t changes_sum(const struct board *board)
{
	const struct layout_counters *counters = &board->header->counters;
	uint64_t sum = load_relaxed(&board->header->changes) + load_relaxed(&counters->completed) +
		       load_relaxed(&counters->failed) + load_relaxed(&counters->cancelled) +
		       load_relaxed(&counters->removed) + load_relaxed(&counters->expired) +
		       load_relaxed(&counters->evicted) + load_relaxed(&counters->repaired);

	fence_acquire();
	return sum;
}
