/* SPDX-License-Identifier: MIT */
/*
 * Changing a record: fill the copy that is not current, then publish it with one store of the
 * stamp. A process that dies at any point leaves the complete old version or the complete new one.
 * Deadlines as in slot.h.
 */
#ifndef TRACKD_RECORD_RECORD_H
#define TRACKD_RECORD_RECORD_H

#include "libclient/segment/cause.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

int record_update(struct board *board, struct trackd_ref ref, int stage, const char *message,
		  uint64_t worker, uint64_t deadline);
/* Enter a stage, or stay in it, with a total. */
int record_stage(struct board *board, struct trackd_ref ref, int stage, uint64_t total,
		 const char *message, uint64_t worker, uint64_t deadline);
int record_set_total(struct board *board, struct trackd_ref ref, uint64_t total, uint64_t deadline);
int record_set_progress(struct board *board, struct trackd_ref ref, uint64_t done, uint64_t total,
			uint64_t deadline);
/* Count if record_advance_fast() could not: take the record's mutex if necessary. */
int record_advance_slowly(struct board *board, struct trackd_ref ref, uint64_t units,
			  uint64_t deadline);

/* Inline, because callers use it in inner loops: one compare-and-swap and its checks. The counter
 * is loaded before the generation is checked, so it belongs to this tenant or an earlier one. If
 * the slot gets another tenant after that, the counter has another tag or start, and the swap
 * fails. False: nothing was counted; call record_advance_slowly(). */
static inline bool record_advance_fast(struct board *board, struct trackd_ref ref, uint64_t units)
{
	/* Passed as one word: splitting a reference in memory costs as much as the swap. */
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

/* How to end a task. error: for TRACKD_FAILED; for TRACKD_COMPLETED the result; NULL: none.
 * only_worker: 0, or end it only if it is open and this is its worker or keeper (otherwise -EAGAIN);
 * the daemon uses this to fail the tasks of a dead process. Those that were asked to cancel become
 * cancelled, with that error. */
struct record_end {
	enum trackd_state state;
	enum trackd_reason reason;
	const char *message, *error;
	uint64_t only_worker;
	uint64_t cause; /* of the worker's death, cause_make(); 0: not known, or it lives */
};
int record_end(struct board *board, struct trackd_ref ref, const struct record_end *end,
	       uint64_t deadline);

int record_cancel(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* End a task whose start_within, finish_within or active_ttl has passed, as every writer does that
 * holds its lock. TRACKD_E_FINAL: it was ended now; 0: no limit has passed, or it is final. */
int record_limit(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* End a task that made no progress, by its progress_within: if it is active, its last update was at
 * `updated`, and its counter is still `work`. 0; -EAGAIN: not so. */
int record_stalled(struct board *board, struct trackd_ref ref, uint64_t updated, uint64_t work,
		   uint64_t deadline);

/* Renew the task's time to live by an update that changes nothing else. The daemon calls this for
 * workers that only advance. */
int record_renew(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* The deadline that follows from a copy. Saturates at UINT64_MAX: never. */
uint64_t record_deadline(const struct board *board, const struct layout_body *body,
			 const struct layout_copy *copy);

/* Read the current copy's state and worker and the work counter, without a lock. False if the
 * record changed meanwhile or ref is stale. */
bool record_peek(const struct board *board, struct trackd_ref ref, uint8_t *ret_state,
		 uint64_t *ret_worker, uint64_t *ret_work);

/* Whether a task's error field is in use: for its error, even an empty one, or its result. A cancelled
 * task has an error if its worker died after it was asked to cancel. */
static inline bool record_has_error(const struct trackd_task *task)
{
	return task->state == TRACKD_FAILED ||
	       (task->state == TRACKD_CANCELLED && task->error[0] != '\0') ||
	       (task->state == TRACKD_COMPLETED && task->result[0] != '\0');
}

/* Whether a task in this state can have this reason (enum trackd_reason). */
bool record_reason_fits(uint8_t state, uint8_t reason);

#endif
