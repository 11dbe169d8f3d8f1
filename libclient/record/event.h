/* SPDX-License-Identifier: MIT */
/*
 * The event ring, and waking its readers: O(1) for the producer, however many wait.
 */
#ifndef TRACKD_RECORD_EVENT_H
#define TRACKD_RECORD_EVENT_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

/* Write a transition of a record whose mutex is held. Times, owner and revision come from the
 * record. */
void event_append(struct board *board, enum trackd_event_type type, uint32_t slot,
		  uint32_t generation, uint64_t now, const struct layout_copy *copy, uint64_t done);

/* After publishing, holding nothing that matters: ring if the daemon sleeps. Full fence first;
 * partner: wait_for_ring(). */
void event_ring(struct board *board);
/* The same, behind a full fence of the caller's after it published. */
void event_ring_fenced(struct board *board);

/* What trackd_next_event() does, on a board. */
int event_next(const struct board *board, struct trackd_cursor *cursor,
	       struct trackd_event *ret_event);
uint64_t event_head(const struct board *board); /* sequence of the next event */
/* A cursor before the event of a sequence. */
static inline struct trackd_cursor event_cursor(const struct board *board, uint64_t sequence)
{
	return (struct trackd_cursor){ .next = sequence, .lineage = board->hash_seed };
}
/* Whether the entry of a sequence is whole: false while it is being written. */
bool event_whole(const struct board *board, uint64_t sequence);

/* Sleep on the board's tick while it is `tick`, at most ns. 0, -EINTR, -ETIMEDOUT. Works on a
 * read-only mapping. */
int event_sleep(const struct board *board, uint32_t tick, uint64_t ns);
uint32_t event_tick(const struct board *board);

/* The daemon's side. */
void event_wake_all(struct board *board);           /* bump the tick, wake every sleeper */
uint32_t event_doorbell(const struct board *board); /* how often it has been rung */
/* Sleep until it has been rung more often than `count` or CLOCK_MONOTONIC reaches deadline, in ns.
 * May return early. */
void event_doorbell_wait(struct board *board, uint32_t count, uint64_t deadline);

#endif
