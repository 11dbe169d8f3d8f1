/* SPDX-License-Identifier: MIT */
/*
 * Changing a record: fill the copy that is not in force, then one store of the stamp. A process
 * that dies anywhere leaves the whole old version or the whole new one. Deadlines as in slot.h.
 */
#ifndef TRACKD_RECORD_RECORD_H
#define TRACKD_RECORD_RECORD_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

int record_update(struct board *board, struct trackd_ref ref, int stage, const char *message,
		  uint64_t worker, uint64_t deadline);
int record_set_total(struct board *board, struct trackd_ref ref, uint64_t total, uint64_t deadline);
int record_set_progress(struct board *board, struct trackd_ref ref, uint64_t done, uint64_t total,
			uint64_t deadline);
/* Count where one compare-and-swap cannot: under the record's mutex if need be. */
int record_advance_slowly(struct board *board, struct trackd_ref ref, uint64_t units,
			  uint64_t deadline);

/* Inline, since it stands in inner loops: one compare-and-swap, and the checks that it needs. The
 * counter is read before the generation is looked at, so it is this tenant's or an earlier one's;
 * should the record change hands after that, the counter is another, by its tag and by where it
 * starts, and the swap fails. False: nothing was counted; record_advance_slowly() goes on. */
static inline bool record_advance_fast(struct board *board, struct trackd_ref ref, uint64_t units)
{
	/* As one word: a reference that is taken apart in memory costs as much as the swap. */
	uint64_t bits = ref_bits(ref);
	uint32_t slot = (uint32_t)bits, generation = (uint32_t)(bits >> 32);

	if (__builtin_expect(slot >= board->capacity, 0))
		return false;
	uint64_t *work = &board->bodies[slot].work;
	uint64_t seen = load_acquire(work);
	uint64_t stamp = load_relaxed(&board->heads[slot].stamp);

	return __builtin_expect(stamp_is_live(stamp, generation) &&
					work_has_room(seen, generation, units) &&
					cas_relaxed(work, &seen, seen + units),
				1);
}

/* Does not wait: -EBUSY if it is locked. */
static inline int record_advance(struct board *board, struct trackd_ref ref, uint64_t units)
{
	return record_advance_fast(board, ref, units) ? 0
						      : record_advance_slowly(board, ref, units, 0);
}

/* End it. error: for TRACKD_FAILED. worker: 0, or only if this still is its worker and it is active
 * (else -EAGAIN): how the daemon fails what a dead process left. */
struct record_end {
	enum trackd_state state;
	enum trackd_reason reason;
	const char *message, *error;
	uint64_t only_worker;
};
int record_end(struct board *board, struct trackd_ref ref, const struct record_end *end,
	       uint64_t deadline);

int record_cancel(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* The daemon: put the deadline where it would be had the task been updated now, without publishing.
 * For workers that only advance. */
int record_renew(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* When a copy's task expires: the one rule. Saturates at UINT64_MAX: never. */
uint64_t record_deadline(const struct board *board, const struct layout_body *body,
			 const struct layout_copy *copy);

/* The worker and state that the copy in force names, without a lock; false if the record changed
 * meanwhile or is not of ref. */
bool record_peek(const struct board *board, struct trackd_ref ref, uint8_t *ret_state,
		 uint64_t *ret_worker, uint64_t *ret_work);

/* Whether a task in this state can have this reason (enum trackd_reason). */
bool record_reason_fits(uint8_t state, uint8_t reason);

#endif
