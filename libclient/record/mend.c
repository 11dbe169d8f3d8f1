/* SPDX-License-Identifier: MIT */
/* Restores a record whose lock holder died; see mend.h. */
#include "libclient/record/mend.h"
#include "libclient/record/facts.h"
#include "libclient/signal/earliest.h"

void mend_record(struct board *board, uint32_t slot)
{
	struct layout_head *head = &board->heads[slot];
	struct layout_body *body = &board->bodies[slot];
	uint64_t stamp = load_acquire(&head->stamp);
	struct facts copy;

	if (stamp_state(stamp) != SLOT_LIVE)
		return;
	facts_load(&copy, &body->copy[stamp_version(stamp) & 1]);
	uint64_t deadline =
		deadline_of(board, body, copy.flags, copy.state, copy.worker, copy.updated);
	/* A parent whose last child has ended lives on from then, not from its own last update:
	 * parent_renew() may not have come to that. */
	if ((copy.flags & COPY_PARENT) && load_relaxed(&head->deadline) == UINT64_MAX)
		deadline = UINT64_MAX;
	store_relaxed(&head->deadline, deadline);
	fence_full();
	earliest_lower(board, deadline);
	store_relaxed(&head->hint, hint_make(copy.worker, (uint8_t)copy.state,
					     hint_kind(load_relaxed(&head->hint))) |
					   (copy.flags & COPY_LIMITS ? HINT_LIMITED : 0u));
	if (is_final(copy.state) || work_needs_mutex(copy.base, stamp_generation(stamp)))
		or_relaxed(&body->work, WORK_SEAL);
	else if (board_closed(board) ==
		 LAYOUT_OPEN) /* otherwise the daemon may have set the seal, to copy the record */
		and_relaxed(&body->work, ~WORK_SEAL);
}
