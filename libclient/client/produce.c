/* SPDX-License-Identifier: MIT */
/*
 * The public calls that write. Each tests `closed` under the lock that commits (edit.h, tenant.c,
 * slot.c, kind.c) and once more here, after it: a call on a board that is being replaced is
 * repeated on its successor, so every acknowledged change is on the new board.
 *
 * With LAYOUT_CLOSED, a change that was committed before the board was closed needs no check: the
 * daemon takes every lock after it and copies the change. The daemon copies a damaged board without
 * locks (LAYOUT_CLOSED_BLIND); then this file looks for the change on the new board.
 */
#include "libclient/client/change.h"
#include "libclient/client/creation.h"
#include "libclient/index/index.h"
#include "libclient/public.h"
#include "libclient/record/kind.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include <errno.h>

static uint64_t lock_deadline(const struct trackd *trackd)
{
	return clock_coarse_ns() + trackd->timeout_ns;
}

/* How the board is closed, after a call on it. */
static inline enum layout_closed closed_after(const struct board *board)
{
	/* A full fence between the commit and this load; pairs with the fence in segment_close().
	 * On x86 the exchange that unlocks a robust mutex is such a fence. */
#if defined(__x86_64__)
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
	fence_full();
#endif
	return board_closed(board);
}

/* ---- Repeating a call ------------------------------------------------------ */

/* Whether a result is valid even if the board is closed now. */
static bool stands(const struct board *board, int result)
{
	enum layout_closed closed = closed_after(board);

	return closed == LAYOUT_OPEN || (closed == LAYOUT_CLOSED && result >= 0);
}

/* Repeat a call until its result is valid. */
static __attribute__((noinline)) int settle(struct trackd *trackd, struct mapping *mapping,
					    struct change *change, int result)
{
	uint64_t deadline = clock_monotonic_ns() + trackd->timeout_ns;

	do {
		const struct mapping *before = mapping;
		uint64_t at = clock_boot_last; /* time of the change, if it was made */
		int error = follow_wait(trackd, mapping, deadline);

		if (error == 0)
			error = attach_writer(trackd, &mapping);
		if (error < 0)
			return error;
		if (result >= 0 && (mapping == before || change_holds(&mapping->board, change, at)))
			break;
		result = change_make(mapping, change, deadline);
	} while (!stands(&mapping->board, result));
	return result;
}

/* Make a call that the fast path did not complete, now waiting for locks. mapping: where the fast
 * path made it; NULL: it was not made. */
static int otherwise(struct trackd *trackd, struct mapping *mapping, struct change *change,
		     int result)
{
	if (!mapping) {
		int error = attach_writer(trackd, &mapping);

		if (error < 0)
			return error;
		result = -EBUSY;
	}
	if (result == -EBUSY)
		result = change_make(mapping, change, lock_deadline(trackd));
	if (__builtin_expect(!stands(&mapping->board, result), 0))
		result = settle(trackd, mapping, change, result);
	attach_look(trackd);
	return result;
}

static int apply(struct trackd *trackd, struct change *change)
{
	return otherwise(trackd, NULL, change, 0);
}

/* Whether the fast path completed a call: its locks were free and the result is valid. So the clock
 * is read for a deadline only if the call must wait. */
static inline bool settled(struct trackd *trackd, const struct mapping *mapping, int result)
{
	if (__builtin_expect(result == -EBUSY || !stands(&mapping->board, result), 0))
		return false;
	attach_look(trackd);
	return true;
}

/* ---- The calls ------------------------------------------------------------- */

/* Each call tries a fast path first. The slow paths are separate functions, so that the fast path
 * needs no stack frame for a struct change. */

static __attribute__((noinline)) int create_otherwise(struct trackd *trackd,
						      struct mapping *mapping,
						      const struct trackd_new *task,
						      struct trackd_ref *ref, int result)
{
	struct change change = { .what = CREATE, .ref = *ref, .task = task };

	result = otherwise(trackd, mapping, &change, result);
	*ref = change.ref;
	return result;
}

PUBLIC int trackd_create(struct trackd *trackd, const struct trackd_new *task,
			 struct trackd_ref *ret_ref)
{
	struct mapping *mapping = attach_ready(trackd);
	struct trackd_ref ref = { 0, 0 };
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1))
		result = creation_make(&mapping->board, task, load_relaxed(&mapping->worker),
				       lock_deadline(trackd), &ref);
	if (!mapping || !settled(trackd, mapping, result))
		result = create_otherwise(trackd, mapping, task, &ref, result);
	if (result == 0 && ret_ref)
		*ret_ref = ref;
	return result;
}

static __attribute__((noinline)) int update_otherwise(struct trackd *trackd,
						      struct mapping *mapping,
						      struct trackd_ref ref, int stage,
						      const char *message, int result)
{
	struct change change = { .what = UPDATE, .ref = ref, .update = { stage, 0, message } };

	return otherwise(trackd, mapping, &change, result);
}

PUBLIC int trackd_update(struct trackd *trackd, struct trackd_ref ref, int stage,
			 const char *message)
{
	struct mapping *mapping = attach_ready(trackd);
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1)) {
		result = record_update(&mapping->board, ref_in(&mapping->board, ref), stage,
				       message, load_relaxed(&mapping->worker), LOCK_TRY);
		if (settled(trackd, mapping, result))
			return ref_answer(&mapping->board, ref, result);
	}
	return update_otherwise(trackd, mapping, ref, stage, message, result);
}

PUBLIC int trackd_stage(struct trackd *trackd, struct trackd_ref ref, int stage, uint64_t total,
			const char *message)
{
	struct change change = { .what = STAGE, .ref = ref, .update = { stage, total, message } };

	return apply(trackd, &change);
}

static __attribute__((noinline)) int advance_otherwise(struct trackd *trackd, struct trackd_ref ref,
						       uint64_t units)
{
	struct change change = { .what = ADVANCE, .ref = ref, .progress = { units, 0 } };
	int error = apply(trackd, &change);

	/* Check the board here, because no code above has read a clock. */
	(void)attach_reader(trackd, clock_coarse_ns());
	return error;
}

/* Counts this thread's calls, to check the board at every 256th; wraps. */
static _Thread_local uint8_t n_advances __attribute__((tls_model("initial-exec")));

PUBLIC int trackd_advance(struct trackd *trackd, struct trackd_ref ref, uint64_t units)
{
	struct mapping *mapping = attach_ready(trackd);

	/* At every 256th call of a thread, check whether the board has been unlinked. */
	if (__builtin_expect(mapping == NULL, 0) || __builtin_expect(++n_advances == 0, 0) ||
	    __builtin_expect(
		    !record_advance_fast(&mapping->board, ref_in(&mapping->board, ref), units), 0))
		return advance_otherwise(trackd, ref, units);
	return 0;
}

static __attribute__((noinline)) int count_otherwise(struct trackd *trackd, struct mapping *mapping,
						     struct change change, int result)
{
	return otherwise(trackd, mapping, &change, result);
}

PUBLIC int trackd_set_total(struct trackd *trackd, struct trackd_ref ref, uint64_t total)
{
	struct mapping *mapping = attach_ready(trackd);
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1)) {
		result = record_set_total(&mapping->board, ref_in(&mapping->board, ref), total,
					  LOCK_TRY);
		if (settled(trackd, mapping, result))
			return ref_answer(&mapping->board, ref, result);
	}
	return count_otherwise(
		trackd, mapping,
		(struct change){ .what = TOTAL, .ref = ref, .progress = { 0, total } }, result);
}

PUBLIC int trackd_set_progress(struct trackd *trackd, struct trackd_ref ref, uint64_t done,
			       uint64_t total)
{
	struct mapping *mapping = attach_ready(trackd);
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1)) {
		result = record_set_progress(&mapping->board, ref_in(&mapping->board, ref), done,
					     total, LOCK_TRY);
		if (settled(trackd, mapping, result))
			return ref_answer(&mapping->board, ref, result);
	}
	return count_otherwise(
		trackd, mapping,
		(struct change){ .what = PROGRESS, .ref = ref, .progress = { done, total } },
		result);
}

static __attribute__((noinline)) int end_otherwise(struct trackd *trackd, struct mapping *mapping,
						   struct trackd_ref ref,
						   const struct record_end *how, int result)
{
	struct change change = { .what = END, .ref = ref, .end = how };

	return otherwise(trackd, mapping, &change, result);
}

int produce_end(struct trackd *trackd, struct trackd_ref ref, const struct record_end *how)
{
	struct mapping *mapping = attach_ready(trackd);
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1)) {
		result = record_end(&mapping->board, ref_in(&mapping->board, ref), how, LOCK_TRY);
		if (settled(trackd, mapping, result))
			return ref_answer(&mapping->board, ref, result);
	}
	return end_otherwise(trackd, mapping, ref, how, result);
}

PUBLIC int trackd_complete(struct trackd *trackd, struct trackd_ref ref, const char *message)
{
	struct record_end end = { .state = TRACKD_COMPLETED,
				  .message = message ? message : "Processing complete" };

	return produce_end(trackd, ref, &end);
}

PUBLIC int trackd_complete_with(struct trackd *trackd, struct trackd_ref ref, const char *message,
				const char *result)
{
	struct record_end end = { .state = TRACKD_COMPLETED,
				  .message = message ? message : "Processing complete",
				  .error = result && *result ? result : NULL };

	return produce_end(trackd, ref, &end);
}

PUBLIC int trackd_fail(struct trackd *trackd, struct trackd_ref ref, const char *error)
{
	struct record_end end = { .state = TRACKD_FAILED,
				  .reason = TRACKD_REASON_ERROR,
				  .message = "Processing failed",
				  .error = error ? error : "Unknown error" };

	return produce_end(trackd, ref, &end);
}

PUBLIC int trackd_cancelled(struct trackd *trackd, struct trackd_ref ref, const char *message)
{
	struct record_end end = { .state = TRACKD_CANCELLED,
				  .reason = TRACKD_REASON_CANCELLED,
				  .message = message ? message : "Cancelled" };

	return produce_end(trackd, ref, &end);
}

PUBLIC int trackd_cancel(struct trackd *trackd, struct trackd_ref ref)
{
	struct change change = { .what = CANCEL, .ref = ref };

	return apply(trackd, &change);
}

static __attribute__((noinline)) int
remove_otherwise(struct trackd *trackd, struct mapping *mapping, struct trackd_ref ref, int result)
{
	struct change change = { .what = REMOVE, .ref = ref };

	return otherwise(trackd, mapping, &change, result);
}

PUBLIC int trackd_remove(struct trackd *trackd, struct trackd_ref ref)
{
	struct mapping *mapping = attach_ready(trackd);
	int result = 0;

	if (__builtin_expect(mapping != NULL, 1)) {
		result = change_remove(&mapping->board, ref_in(&mapping->board, ref), LOCK_TRY);
		if (settled(trackd, mapping, result))
			return ref_answer(&mapping->board, ref, result);
	}
	return remove_otherwise(trackd, mapping, ref, result);
}

PUBLIC int trackd_set_parent(struct trackd *trackd, struct trackd_ref ref, const char *parent)
{
	struct change change = { .what = PARENT, .ref = ref, .parent = parent };

	return apply(trackd, &change);
}

PUBLIC int trackd_close_children(struct trackd *trackd, struct trackd_ref ref)
{
	struct change change = { .what = CLOSE, .ref = ref };

	return apply(trackd, &change);
}

PUBLIC int trackd_kind_declare(struct trackd *trackd, const char *name,
			       const struct trackd_stage_def *stages, int n_stages)
{
	struct change change = { .what = DECLARE, .kind = { name, stages, n_stages } };

	return apply(trackd, &change);
}
