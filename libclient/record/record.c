/* SPDX-License-Identifier: MIT */
/*
 * Publishing. The current copy is copy[version & 1]. A writer that holds the record's mutex fills
 * the other one completely and then stores the stamp with the next version: that one store is the
 * commit. A writer that dies or stops before the commit has changed nothing that a reader uses.
 * Readers never wait.
 *
 * Data outside the copies is written before the commit that makes it valid, while readers ignore
 * it: a stage's row while its bit is clear, the error before COPY_ERROR is set, the first start
 * before COPY_STARTED is set. The deadline is extended before the commit and shortened after it, so
 * that no record expires early.
 */
#include "libclient/record/record.h"
#include "libclient/record/earliest.h"
#include "libclient/record/edit.h"
#include "libclient/record/kind.h"
#include "libclient/record/limits.h"
#include "libclient/record/view.h"
#include "libclient/segment/lock.h"
#include <errno.h>

/* NOLINTNEXTLINE(misc-redundant-expression): two headers define it */
static_assert(TRACKD_WORK_MAX == WORK_LIFETIME_MAX, "the public limit is the counter's limit");

uint64_t record_deadline(const struct board *board, const struct layout_body *body,
			 const struct layout_copy *copy)
{
	return deadline_of(board, body, copy->state, copy->worker, copy->updated);
}

/* ---- Stages -------------------------------------------------------------- */

/* Write the row of the stage that the task leaves. Its bit is clear, so no reader uses the row
 * yet. */
static void leave_stage(struct edit *edit)
{
	struct facts *next = &edit->next;

	if (next->stage >= LAYOUT_STAGES)
		return;
	struct layout_stage_row row = { next->stage_start, edit->now, edit_done(edit),
					next->total };
	words_store(&edit->board->details[edit->slot].row[next->stage], &row, sizeof row / 8);
	next->stages_left |= UINT64_C(1) << next->stage;
}

static void enter_stage(struct edit *edit, uint32_t stage, uint64_t total)
{
	struct facts *next = &edit->next;

	if (next->state == TRACKD_ACTIVE && stage > next->stage)
		leave_stage(edit);
	if ((next->flags & COPY_STARTED) == 0)
		store_relaxed(&edit->board->details[edit->slot].started, edit->now);
	/* A retry starts its stage and all later stages again. */
	next->stages_left &= (UINT64_C(1) << stage) - 1;
	next->flags |= COPY_STARTED;
	next->state = TRACKD_ACTIVE;
	next->stage = stage;
	next->stage_start = edit->now;
	next->base = edit->count;
	next->total = total;
}

/* Move to another stage. Takes the edit by value, so that the common update keeps its edit in
 * registers. */
static __attribute__((noinline)) int move(struct edit edit, int stage, uint64_t total,
					  const char *message, uint64_t worker)
{
	if (stage < 0 ||
	    (uint32_t)stage >= kind_stages(edit.board, hint_kind(load_relaxed(&edit.head->hint)))) {
		abandon(edit.board, edit.slot);
		return TRACKD_E_STAGE;
	}
	if (worker != 0 || edit.next.state == TRACKD_PENDING) /* the keeper's part ends here */
		edit.next.worker = worker;
	enter_stage(&edit, (uint32_t)stage, total);
	if (message)
		edit_message(&edit, message);
	edit.next.updated = edit.now;
	edit_end_event(&edit, TRACKD_EVENT_STAGE, 0);
	return 0;
}

int record_update(struct board *board, struct trackd_ref ref, int stage, const char *message,
		  uint64_t worker, uint64_t deadline)
{
	struct edit edit;
	int error = edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	if (stage != TRACKD_STAGE_KEEP) {
		if (edit.next.state != TRACKD_ACTIVE || (uint64_t)stage != edit.next.stage)
			return move(edit, stage, 0, message, worker);
		if (worker != 0)
			edit.next.worker = worker;
	}
	if (message)
		edit_message(&edit, message);
	edit_end(&edit);
	return 0;
}

int record_stage(struct board *board, struct trackd_ref ref, int stage, uint64_t total,
		 const char *message, uint64_t worker, uint64_t deadline)
{
	struct edit edit;

	if (total > TRACKD_WORK_MAX)
		return TRACKD_E_OVERFLOW;
	int error = edit_begin_open(&edit, board, ref, deadline);
	if (error < 0)
		return error;
	if (edit.next.state != TRACKD_ACTIVE || (uint64_t)stage != edit.next.stage)
		return move(edit, stage, total, message, worker);
	if (worker != 0)
		edit.next.worker = worker;
	edit.next.total = total;
	if (message)
		edit_message(&edit, message);
	edit_end(&edit);
	return 0;
}

int record_renew(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	return record_update(board, ref, TRACKD_STAGE_KEEP, NULL, 0, deadline);
}

/* ---- Counting ------------------------------------------------------------ */

int record_set_total(struct board *board, struct trackd_ref ref, uint64_t total, uint64_t deadline)
{
	struct edit edit;

	if (total > TRACKD_WORK_MAX)
		return TRACKD_E_OVERFLOW;
	int error = edit_begin_open(&edit, board, ref, deadline);
	if (error < 0)
		return error;
	edit.next.total = total;
	edit_end(&edit);
	return 0;
}

/* Set the stage's base to `done` below the count. If every increment will need the mutex, set the
 * seal before the commit; the count it returns includes every increment made without the mutex. */
static void begin_at(struct edit *edit, uint64_t done)
{
	edit->next.base = (edit->count - done) & WORK_COUNT_MASK;
	/* A fast test: a base lies at most `done` below the tenant's start. */
	if (__builtin_expect(done <= WORK_UNLOCKED_MAX, 1) ||
	    !work_needs_mutex(edit->next.base, edit->generation))
		return;
	edit->count = or_relaxed(&edit->body->work, WORK_SEAL) & WORK_COUNT_MASK;
	edit->next.base = (edit->count - done) & WORK_COUNT_MASK;
}

int record_set_progress(struct board *board, struct trackd_ref ref, uint64_t done, uint64_t total,
			uint64_t deadline)
{
	struct edit edit;

	if (done > TRACKD_WORK_MAX || total > TRACKD_WORK_MAX)
		return TRACKD_E_OVERFLOW;
	int error = edit_begin_open(&edit, board, ref, deadline);
	if (error < 0)
		return error;
	edit.next.total = total;
	begin_at(&edit, done);
	edit.next.updated = edit.now;
	edit_commit(&edit);
	edit_settle_seal(&edit);
	slot_unlock(board, ref.slot);
	return 0;
}

static uint64_t room_below(uint64_t limit, uint64_t count)
{
	return count < limit ? limit - count : 0;
}

/* Count up to the exact limits, with the record's mutex held. Other processes may count at the same
 * time if the counter is not sealed. */
static int count_exactly(uint64_t *work, uint32_t generation, uint64_t base, uint64_t units)
{
	uint64_t seen = load_relaxed(work);

	do {
		uint64_t done = (seen - base) & WORK_COUNT_MASK;

		if (!work_is_of(seen, generation))
			return TRACKD_E_GONE;
		if (units > room_below(WORK_LIFETIME_MAX, work_lifetime(seen, generation)) ||
		    units > room_below(WORK_LIFETIME_MAX, done))
			return TRACKD_E_OVERFLOW;
	} while (!cas_relaxed(work, &seen, seen + units));
	return 0;
}

/* An open record is sealed in three cases: another process holds the mutex and is ending the task;
 * such a process died, and taking the mutex repairs the record; or the stage needs the mutex for
 * every increment, see work_needs_mutex(). */
static int advance_locked(struct board *board, struct trackd_ref ref, uint64_t units,
			  uint64_t deadline)
{
	struct layout_body *body = &board->bodies[ref.slot];
	int error = slot_lock(board, ref.slot, deadline);

	if (error < 0)
		return error;
	/* Check under the lock, as in edit_begin(): units counted before the board is closed are
	 * copied. */
	if (board_closed(board) != LAYOUT_OPEN) {
		slot_unlock(board, ref.slot);
		return TRACKD_E_MOVING;
	}
	uint64_t stamp = load_acquire(&board->heads[ref.slot].stamp);
	const struct layout_copy *copy = &body->copy[stamp_version(stamp) & 1];
	if (!stamp_is_live(stamp, ref.generation)) {
		slot_unlock(board, ref.slot);
		return TRACKD_E_GONE;
	}
	if (is_final(load_relaxed(&copy->state)))
		return refuse_final(board, ref.slot);
	error = count_exactly(&body->work, ref.generation, load_relaxed(&copy->base), units);
	slot_unlock(board, ref.slot);
	return error;
}

int record_advance_slowly(struct board *board, struct trackd_ref ref, uint64_t units,
			  uint64_t deadline)
{
	uint8_t state;
	uint64_t worker, seen;

	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	for (;;) {
		uint64_t *work = &board->bodies[ref.slot].work;

		/* Load both in this order at every try, as in record_advance_fast(). */
		seen = load_acquire(work);
		if (!stamp_is_live(load_relaxed(&board->heads[ref.slot].stamp), ref.generation))
			return TRACKD_E_GONE;
		if (!work_has_room(seen, ref.generation, units))
			break;
		if (cas_relaxed(work, &seen, seen + units))
			return 0;
	}
	/* A final state never changes, so this check needs no lock. */
	if (record_peek(board, ref, &state, &worker, &seen) && is_final(state)) {
		add_relaxed(&board->header->counters.refused_final, 1);
		return TRACKD_E_FINAL;
	}
	return advance_locked(board, ref, units, deadline);
}

/* ---- The end ------------------------------------------------------------- */

static void write_error(struct edit *edit, const char *error)
{
	bool cut;
	size_t length = text_fit(error, TRACKD_ERROR_MAX, &cut);

	text_store(edit->board->details[edit->slot].error, error, length);
	edit->next.flags |= COPY_ERROR | (cut ? COPY_ERROR_CUT : 0u);
}

static void count_end(struct board *board, const struct record_end *end)
{
	struct layout_counters *counters = &board->header->counters;

	if (end->state == TRACKD_COMPLETED)
		add_relaxed(&counters->completed, 1);
	else if (end->state == TRACKD_CANCELLED)
		add_relaxed(&counters->cancelled, 1);
	else
		add_relaxed(&counters->failed, 1);
	if (end->reason == TRACKD_REASON_WORKER_LOST)
		add_relaxed(&counters->worker_lost, 1);
	if (end->reason == TRACKD_REASON_TIMED_OUT)
		add_relaxed(&counters->timed_out, 1);
}

/* The rest of ending a record that is locked and open. The copy that was current stays as it is: no
 * later change fills it, so it keeps the last message. */
static void finish(struct edit *edit, const struct record_end *end)
{
	struct facts *next = &edit->next;

	/* The seal stops unlocked increments; the count it returns is the final one. */
	edit->count = or_relaxed(&edit->body->work, WORK_SEAL) & WORK_COUNT_MASK;
	uint64_t done = edit_done(edit);
	if (next->state == TRACKD_ACTIVE)
		leave_stage(edit);
	next->base = done;
	next->state = end->state;
	next->reason = end->reason;
	next->cause = end->cause;
	next->updated = edit->now;
	edit_message(edit, end->message);
	if (end->error)
		write_error(edit, end->error);
	edit_end_event(edit, TRACKD_EVENT_FINAL, done);
	/* Orders the commit before its count; pairs with the fence in changes_sum(). */
	fence_release();
	count_end(edit->board, end);
}

static void time_out(struct edit *edit, enum limit limit)
{
	char error[LIMITS_TEXT];
	const struct record_end end = { .state = TRACKD_FAILED,
					.reason = TRACKD_REASON_TIMED_OUT,
					.message = "Processing failed",
					.error = error };

	limits_say(edit->board, edit->slot, edit->from, limit, error);
	finish(edit, &end);
}

static __attribute__((noinline)) int time_out_if_due(struct board *board, struct trackd_ref ref,
						     uint64_t stamp, uint64_t now)
{
	struct edit edit = { .stamp = stamp, .now = now };
	const struct layout_copy *copy = &board->bodies[ref.slot].copy[stamp_version(stamp) & 1];
	enum limit limit = limits_passed(board, ref.slot, copy, now);

	if (limit == LIMIT_NONE)
		return 0;
	edit_load(&edit, board, ref);
	time_out(&edit, limit);
	add_relaxed(&board->header->counters.refused_final, 1);
	return TRACKD_E_FINAL;
}

/* A worker that died after its task was asked to cancel has done what it was asked to do. How it
 * died stays in the error. */
static void finish_lost(struct edit *edit, const struct record_end *end)
{
	struct record_end how = *end;

	if (view_is_asked(load_relaxed(&edit->head->cancel), edit->generation)) {
		how.state = TRACKD_CANCELLED;
		how.reason = TRACKD_REASON_CANCELLED;
		how.message = "Cancelled";
	}
	finish(edit, &how);
}

int record_end(struct board *board, struct trackd_ref ref, const struct record_end *end,
	       uint64_t deadline)
{
	struct edit edit;
	int error = end->only_worker ? edit_begin(&edit, board, ref, deadline)
				     : edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	if (end->only_worker == 0) {
		finish(&edit, end);
		return 0;
	}
	if (is_final(edit.next.state) || edit.next.worker != end->only_worker) {
		abandon(board, ref.slot);
		return -EAGAIN;
	}
	finish_lost(&edit, end);
	return 0;
}

/* ---- Time limits --------------------------------------------------------- */

int record_limit(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	struct edit edit;
	int error = edit_begin(&edit, board, ref, deadline);

	if (error == 0)
		abandon(board, ref.slot);
	return error;
}

int record_stalled(struct board *board, struct trackd_ref ref, uint64_t updated, uint64_t work,
		   uint64_t deadline)
{
	struct edit edit;
	int error = edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	/* The swap proves that nothing was counted, and stops unlocked increments. */
	if (edit.next.state != TRACKD_ACTIVE || edit.next.updated != updated ||
	    !work_is_of(work, ref.generation) ||
	    !cas_relaxed(&edit.body->work, &work, work | WORK_SEAL)) {
		abandon(board, ref.slot);
		return -EAGAIN;
	}
	time_out(&edit, LIMIT_PROGRESS);
	return 0;
}

/* ---- Cancelling ---------------------------------------------------------- */

static void ask(struct edit *edit)
{
	uint64_t created = load_relaxed(&edit->board->details[edit->slot].created);
	uint64_t before = load_relaxed(&edit->head->cancel);

	if ((uint32_t)before != 0 && (uint32_t)(before >> 32) == edit->generation) {
		abandon(edit->board, edit->slot); /* already requested */
		return;
	}
	store_relaxed(&edit->head->cancel,
		      cancel_make(edit->generation, cancel_asked(edit->now - created)));
	/* Publish a new revision, for readers that compare revisions; `updated` is unchanged. */
	edit_end_event(edit, TRACKD_EVENT_CANCEL, edit_done(edit));
}

int record_cancel(struct board *board, struct trackd_ref ref, uint64_t deadline)
{
	static const struct record_end end = {
		TRACKD_CANCELLED, TRACKD_REASON_CANCELLED, "Cancelled", NULL, 0, 0
	};
	struct edit edit;
	int error = edit_begin(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	if (edit.next.state == TRACKD_CANCELLED) {
		abandon(board, ref.slot); /* already cancelled */
		return TRACKD_CANCEL_ENDED;
	}
	if (is_final(edit.next.state))
		return refuse_final(board, ref.slot);
	if (edit.next.state == TRACKD_PENDING) {
		finish(&edit, &end);
		return TRACKD_CANCEL_ENDED;
	}
	ask(&edit);
	return TRACKD_CANCEL_ASKED;
}

bool record_reason_fits(uint8_t state, uint8_t reason)
{
	switch ((enum trackd_state)state) {
	case TRACKD_PENDING:
	case TRACKD_ACTIVE:
	case TRACKD_COMPLETED:
		return reason == TRACKD_REASON_NONE;
	case TRACKD_FAILED:
		return reason == TRACKD_REASON_ERROR || reason == TRACKD_REASON_WORKER_LOST ||
		       reason == TRACKD_REASON_HOST_RESTART || reason == TRACKD_REASON_TIMED_OUT;
	case TRACKD_CANCELLED:
		return reason == TRACKD_REASON_CANCELLED;
	}
	return false;
}

bool record_peek(const struct board *board, struct trackd_ref ref, uint8_t *ret_state,
		 uint64_t *ret_worker, uint64_t *ret_work)
{
	if (ref.slot >= board->capacity)
		return false;
	const struct layout_head *head = &board->heads[ref.slot];
	const struct layout_body *body = &board->bodies[ref.slot];
	uint64_t stamp = load_acquire(&head->stamp);
	const struct layout_copy *copy = &body->copy[stamp_version(stamp) & 1];

	if (!stamp_is_live(stamp, ref.generation))
		return false;
	uint8_t state = load_relaxed(&copy->state);
	uint64_t worker = load_relaxed(&copy->worker), work = load_relaxed(&body->work);
	fence_acquire();
	if (load_relaxed(&head->stamp) != stamp)
		return false;
	*ret_state = state;
	*ret_worker = worker;
	*ret_work = work;
	return true;
}
