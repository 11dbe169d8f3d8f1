/* SPDX-License-Identifier: MIT */
/*
 * The fixed-size fields of a record's copy, kept in registers as far as possible, and the deadline
 * that follows from them. Inline, because a function call per step would slow updates down.
 */
#ifndef TRACKD_RECORD_FACTS_H
#define TRACKD_RECORD_FACTS_H

#include "libclient/family/children.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- The rule of expiry ---------------------------------------------------- */

/* A time to live in milliseconds: the task's own, or the board's. */
INLINE uint64_t ttl_of(const uint32_t *own, const uint32_t *board)
{
	uint32_t ttl = load_relaxed(own);

	return ttl == 0 ? load_relaxed(board) : ttl;
}

static_assert(offsetof(struct layout_body, active_ttl_ms) ==
			      offsetof(struct layout_body, ttl_ms) + 4 &&
		      offsetof(struct layout_header, active_ttl_ms) ==
			      offsetof(struct layout_header, ttl_ms) + 4,
	      "loaded as one word");

/* An active task with a worker is ended at its active_ttl (limits.h), and then stays for its ttl. Both
 * are loaded as one word: most tasks have the board's. A parent does not expire before its children
 * have ended. */
INLINE uint64_t deadline_of(const struct board *board, const struct layout_body *body,
			    uint64_t flags, uint64_t state, uint64_t worker, uint64_t updated)
{
	uint64_t own = load_relaxed((const word_t *)(const void *)&body->ttl_ms);
	uint64_t both = load_relaxed((const word_t *)(const void *)&board->header->ttl_ms);
	uint64_t ttl, active_ttl = 0;

	if (__builtin_expect((flags & COPY_PARENT) != 0, 0) &&
	    children_any_open(board, (uint32_t)(body - board->bodies)))
		return UINT64_MAX;

	if (__builtin_expect(own != 0, 0))
		both = ((uint32_t)own != 0 ? (uint32_t)own : (uint32_t)both) |
		       (own >> 32 != 0 ? own >> 32 : both >> 32) << 32;
	ttl = (uint32_t)both;
	if (state == TRACKD_ACTIVE && worker != 0)
		active_ttl = both >> 32;
	if (ttl == TRACKD_TTL_NEVER || active_ttl == TRACKD_TTL_NEVER)
		return UINT64_MAX;
	return updated + (active_ttl + ttl) * NS_PER_MS;
}

/* ---- Facts ------------------------------------------------------------- */

/* The fixed-size fields of a copy. */
struct facts {
	uint64_t revision, updated, total;
	uint64_t base; /* of a final copy: done */
	uint64_t cause, worker, stage_start;
	uint64_t state, stage, reason, flags, stages_left,
		message_len; /* each as narrow as in the copy */
};

static_assert(offsetof(struct layout_copy, message) == 64, "facts are one line");

INLINE const word_t *copy_word(const struct layout_copy *copy)
{
	return (const void *)&copy->state;
}

/* Load and store a copy's facts, which fill one cache line. The last word is stored as a whole:
 * loading a word that was stored bytewise stalls the processor. */
INLINE void facts_load(struct facts *facts, const struct layout_copy *copy)
{
	uint64_t word = load_relaxed(copy_word(copy));

	facts->revision = load_relaxed(&copy->revision);
	facts->updated = load_relaxed(&copy->updated);
	facts->total = load_relaxed(&copy->total);
	facts->base = load_relaxed(&copy->base);
	facts->cause = load_relaxed(&copy->cause);
	facts->worker = load_relaxed(&copy->worker);
	facts->stage_start = load_relaxed(&copy->stage_start);
	facts->state = COPY_WORD_STATE(word);
	facts->stage = COPY_WORD_STAGE(word);
	facts->reason = COPY_WORD_REASON(word);
	facts->flags = COPY_WORD_FLAGS(word);
	facts->stages_left = COPY_WORD_LEFT(word);
	facts->message_len = COPY_WORD_LENGTH(word);
}

INLINE void facts_store(struct layout_copy *copy, const struct facts *facts)
{
	store_relaxed(&copy->revision, facts->revision);
	store_relaxed(&copy->updated, facts->updated);
	store_relaxed(&copy->total, facts->total);
	store_relaxed(&copy->base, facts->base);
	store_relaxed(&copy->cause, facts->cause);
	store_relaxed(&copy->worker, facts->worker);
	store_relaxed(&copy->stage_start, facts->stage_start);
	store_relaxed((word_t *)(void *)&copy->state,
		      facts->state | facts->reason << 8 | facts->stage << 16 |
			      facts->message_len << 24 | facts->flags << 32 |
			      facts->stages_left << 48);
}

INLINE bool is_final(uint64_t state)
{
	return state >= TRACKD_COMPLETED;
}

#endif
