/* SPDX-License-Identifier: MIT */
/* The end of a parent; see rollup_end.h. */
#include "libclient/record/rollup_end.h"
#include "libclient/record/facts.h"
#include "libclient/record/record.h"
#include "libclient/segment/atomic.h"
#include <stdio.h>

/* "3 of 20 sub-tasks failed, 1 was cancelled" */
static void say(char *text, size_t size, const struct children *children)
{
	uint64_t failed = (uint64_t)children->n.failed + children->n.gone_failed;
	uint64_t cancelled = (uint64_t)children->n.cancelled + children->n.gone_cancelled;
	unsigned long long all = children_all(children);

	if (failed == 0 && cancelled == 0)
		snprintf(text, size, "All %llu sub-tasks completed", all);
	else if (failed == 0)
		snprintf(text, size, "%llu of %llu sub-tasks cancelled",
			 (unsigned long long)cancelled, all);
	else if (cancelled == 0)
		snprintf(text, size, "%llu of %llu sub-tasks failed", (unsigned long long)failed,
			 all);
	else
		snprintf(text, size, "%llu of %llu sub-tasks failed, %llu cancelled",
			 (unsigned long long)failed, all, (unsigned long long)cancelled);
}

static int end_parent(struct board *board, struct trackd_ref ref, const struct children *children,
		      bool asked, uint64_t deadline)
{
	bool anyway = (load_relaxed(&board->families[ref.slot].flags) & FAMILY_ANYWAY) != 0;
	uint64_t failed = (uint64_t)children->n.failed + children->n.gone_failed;
	uint64_t cancelled = (uint64_t)children->n.cancelled + children->n.gone_cancelled;
	struct record_end end = { .state = TRACKD_COMPLETED };
	char text[128];

	say(text, sizeof text, children);
	end.message = text;
	if (asked && cancelled > 0) {
		end.state = TRACKD_CANCELLED;
		end.reason = TRACKD_REASON_CANCELLED;
	} else if (!anyway && (failed > 0 || cancelled > 0)) {
		end.state = TRACKD_FAILED;
		end.reason = TRACKD_REASON_ERROR;
		end.message = "Processing failed";
		end.error = text;
	}
	int error = record_end(board, ref, &end, deadline);
	return error < 0 ? error : 1;
}

int rollup_end(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	struct children children;

	if (ref.slot >= board->capacity)
		return 0;
	const struct layout_head *head = &board->heads[ref.slot];
	uint64_t stamp = load_acquire(&head->stamp), cancel = load_relaxed(&head->cancel);
	const struct layout_copy *copy = &board->bodies[ref.slot].copy[stamp_version(stamp) & 1];
	if (!stamp_is_live(stamp, ref.generation) ||
	    (load_relaxed(&copy->flags) & COPY_PARENT) == 0 ||
	    (load_relaxed(&board->families[ref.slot].flags) & FAMILY_ENDS) == 0 ||
	    is_final(load_relaxed(&copy->state)))
		return 0;
	bool asked = (uint32_t)cancel != 0 && (uint32_t)(cancel >> 32) == ref.generation;
	children_read(board, ref.slot, &children);
	if (children_open(&children) > 0 ||
	    !(asked || children_complete(board, ref.slot, &children)))
		return 0;
	return end_parent(board, ref, &children, asked, deadline);
}
