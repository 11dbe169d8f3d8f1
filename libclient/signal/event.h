/* SPDX-License-Identifier: MIT */
/*
 * The event ring, and waking its readers. The cost for a producer does not depend on the number of
 * waiters.
 */
#ifndef TRACKD_SIGNAL_EVENT_H
#define TRACKD_SIGNAL_EVENT_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* Write a transition of a record whose mutex is held. Times, owner and revision come from the
 * record. */
void event_append(struct board *board, enum trackd_event_type type, uint32_t slot,
		  uint32_t generation, uint64_t now, const struct layout_copy *copy, uint64_t done);

/* After publishing, without holding a lock: wake the daemon if it sleeps. Passes a full fence
 * first, which pairs with the one in wait_for_ring(). */
void event_ring(struct board *board);
/* The same, for a caller that has passed a full fence since it published. */
void event_ring_fenced(struct board *board);

/* trackd_next_event() on a given board. */
int event_next(const struct board *board, struct trackd_cursor *cursor,
	       struct trackd_event *ret_event);
uint64_t event_head(const struct board *board); /* sequence of the next event */
/* A cursor placed before the event with this sequence. */
static inline struct trackd_cursor event_cursor(const struct board *board, uint64_t sequence)
{
	return (struct trackd_cursor){ .next = sequence, .lineage = board->hash_seed };
}
/* Whether the entry with this sequence is complete; false while it is being written. */
bool event_whole(const struct board *board, uint64_t sequence);

/* Sleep until the board's tick differs from `tick`, for at most ns. 0, -EINTR, -ETIMEDOUT. Works on
 * a read-only mapping. */
int event_sleep(const struct board *board, uint32_t tick, uint64_t ns);
uint32_t event_tick(const struct board *board);

/* Only the daemon calls these. */
void event_wake_all(struct board *board);           /* increment the tick, wake all sleepers */
uint32_t event_doorbell(const struct board *board); /* how often it has been rung */
/* Sleep until the doorbell differs from `count` or CLOCK_MONOTONIC reaches deadline, in ns. May
 * return early. */
void event_doorbell_wait(struct board *board, uint32_t count, uint64_t deadline);

#endif
