/* SPDX-License-Identifier: MIT */
/*
 * The number of tasks in an id stripe's buckets. A process that creates or removes a task changes
 * the count under the stripe's mutex; a holder that died may have left it wrong. A recount goes in
 * slices of buckets and releases the mutex between slices, so no process waits for a whole stripe.
 * The stripe stores the number of slices done and the tasks found; a change in a bucket that has
 * been recounted adjusts both counts.
 */
#ifndef TRACKD_RECORD_RECOUNT_H
#define TRACKD_RECORD_RECOUNT_H

#include "libclient/segment/atomic.h"
#include "libclient/segment/layout.h"
#include "libclient/trackd.h"

enum {
	RECOUNT_BUCKETS = 64, /* of a stripe, in one slice */
	RECOUNT_SUM_BITS = 21,
	RECOUNT_SUM_MAX = (1 << RECOUNT_SUM_BITS) - 1, /* means this many or more */
};

static_assert((TRACKD_CAPACITY_MAX + LAYOUT_SPARE) / LAYOUT_STRIPES / RECOUNT_BUCKETS + 1 <=
		      1 << (32 - RECOUNT_SUM_BITS),
	      "the slices of the largest board fit");

static inline uint32_t recount_make(uint32_t slices, uint32_t sum)
{
	return slices << RECOUNT_SUM_BITS | (sum < RECOUNT_SUM_MAX ? sum : RECOUNT_SUM_MAX);
}

/* Slices counted so far. */
static inline uint32_t recount_slices(uint32_t word)
{
	return word >> RECOUNT_SUM_BITS;
}

static inline uint32_t recount_sum(uint32_t word)
{
	return word & RECOUNT_SUM_MAX;
}

/* The slice in which a bucket is counted. */
static inline uint32_t recount_slice_of(uint32_t bucket)
{
	return bucket / LAYOUT_STRIPES / RECOUNT_BUCKETS;
}

/* With the stripe's mutex held: count a new task in this bucket. */
static inline void recount_add(struct layout_stripe *stripe, uint32_t bucket)
{
	uint32_t word = load_relaxed(&stripe->recount);

	store_relaxed(&stripe->count, load_relaxed(&stripe->count) + 1);
	if (recount_slice_of(bucket) < recount_slices(word) && recount_sum(word) < RECOUNT_SUM_MAX)
		store_relaxed(&stripe->recount, word + 1);
}

/* The same for a removed task. */
static inline void recount_subtract(struct layout_stripe *stripe, uint32_t bucket)
{
	uint32_t word = load_relaxed(&stripe->recount);
	uint32_t count = load_relaxed(&stripe->count), sum = recount_sum(word);

	if (count > 0)
		store_relaxed(&stripe->count, count - 1);
	if (recount_slice_of(bucket) < recount_slices(word) && sum > 0 && sum < RECOUNT_SUM_MAX)
		store_relaxed(&stripe->recount, word - 1);
}

#endif
