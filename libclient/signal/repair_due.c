/* SPDX-License-Identifier: MIT */
/* Sets and clears a word in the header; see repair_due.h. */
#include "libclient/signal/repair_due.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"

void repair_due_set(struct board *board)
{
	/* Pairs with repair_due_clear(). */
	store_release(&board->header->repair_due, 1);
	event_ring(board);
}

void repair_due_clear(struct board *board)
{
	/* The damage precedes the store of repair_due, so the sweep that follows this sees it. */
	(void)exchange_acq_rel(&board->header->repair_due, 0u);
}
