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
#include "libclient/family/family.h"
#include "libclient/record/edit.h"
#include "libclient/record/kind.h"
#include "libclient/record/limits.h"
#include "libclient/record/parent.h"
#include "libclient/record/view.h"
#include "libclient/segment/lock.h"
#include "libclient/signal/earliest.h"
#include <errno.h>

/* NOLINTNEXTLINE(misc-redundant-expression): two headers define it */
static_assert(TRACKD_WORK_MAX == WORK_LIFETIME_MAX, "the public limit is the counter's limit");

uint64_t record_deadline(const struct board *board, const struct layout_body *body,
			 const struct layout_copy *copy)
{
	return deadline_of(board, body, copy->flags, copy->state, copy->worker, copy->updated);
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

/* Take the family stripe that a child's change of state needs. On an error the record is unlocked. */
static int enter_family(const struct edit *edit, uint64_t deadline, struct family_hold *ret_hold)
{
	struct trackd_ref parent;

	*ret_hold = (struct family_hold){ 0 };
	if (__builtin_expect((edit->next.flags & COPY_CHILD) == 0, 1) ||
	    !family_parent(edit->board, edit->slot, &parent))
		return 0;
	family_add(ret_hold, parent.slot);
	int error = family_take(edit->board, ret_hold, deadline);
	if (error < 0)
		abandon(edit->board, edit->slot);
	return error;
}

/* edit_end_event() for a child whose state changes: the commit, then its parent's counts. */
static __attribute__((noinline)) void end_change(struct edit *edit, const struct family_hold *hold,
						 enum trackd_event_type type, uint64_t done)
{
	struct trackd_ref ref = { edit->slot, edit->generation };
	uint8_t from = load_relaxed(&edit->from->state);
	uint8_t to = (uint8_t)edit->next.state;
	struct trackd_ref parent;

	family_intend(edit->board, ref, INTENT_CHANGE, from, to);
	edit_commit(edit);
	family_finish(edit->board, hold->stripe[0]);
	family_drop(edit->board, hold);
	bool has_parent = family_parent(edit->board, edit->slot, &parent);
	edit_announce(edit, type, done);
	if (is_final(to) && has_parent)
		parent_renew(edit->board, parent);
}

static inline void end_event(struct edit *edit, const struct family_hold *hold,
			     enum trackd_event_type type, uint64_t done)
{
	if (__builtin_expect(hold->n != 0, 0))
		end_change(edit, hold, type, done);
	else
		edit_end_event(edit, type, done);
}

/* Move to another stage. Takes the edit by value, so that the common update keeps its edit in
 * registers. */
static __attribute__((noinline)) int move(struct edit edit, int stage, uint64_t total,
					  const char *message, uint64_t worker, uint64_t deadline)
{
	struct family_hold hold = { 0 };

	if (stage < 0 ||
	    (uint32_t)stage >= kind_stages(edit.board, hint_kind(load_relaxed(&edit.head->hint)))) {
		abandon(edit.board, edit.slot);
		return TRACKD_E_STAGE;
	}
	if (edit.next.state != TRACKD_ACTIVE) {
		int error = enter_family(&edit, deadline, &hold);

		if (error < 0)
			return error;
	}
	if (worker != 0 || edit.next.state == TRACKD_PENDING) /* the keeper's part ends here */
		edit.next.worker = worker;
	enter_stage(&edit, (uint32_t)stage, total);
	if (message)
		edit_message(&edit, message);
	edit.next.updated = edit.now;
	end_event(&edit, &hold, TRACKD_EVENT_STAGE, 0);
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
			return move(edit, stage, 0, message, worker, deadline);
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
		return move(edit, stage, total, message, worker, deadline);
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
static void finish_held(struct edit *edit, const struct record_end *end,
			const struct family_hold *hold)
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
	end_event(edit, hold, TRACKD_EVENT_FINAL, done);
	/* Orders the commit before its count; pairs with the fence in changes_sum(). */
	fence_release();
	count_end(edit->board, end);
}

/* On an error the record is unlocked. */
static int finish(struct edit *edit, const struct record_end *end, uint64_t deadline)
{
	struct family_hold hold;
	int error = enter_family(edit, deadline, &hold);

	if (error < 0)
		return error;
	finish_held(edit, end, &hold);
	return 0;
}

static void time_out(struct edit *edit, enum limit limit, const struct family_hold *hold)
{
	char error[LIMITS_TEXT];
	const struct record_end end = { .state = TRACKD_FAILED,
					.reason = TRACKD_REASON_TIMED_OUT,
					.message = "Processing failed",
					.error = error };

	limits_say(edit->board, edit->slot, edit->from, limit, error);
	finish_held(edit, &end, hold);
}

int edit_time_out_if_due(struct board *board, struct trackd_ref ref, uint64_t stamp, uint64_t now,
			 uint64_t deadline)
{
	struct edit edit = { .stamp = stamp, .now = now };
	struct family_hold hold;
	const struct layout_copy *copy = &board->bodies[ref.slot].copy[stamp_version(stamp) & 1];
	enum limit limit = limits_passed(board, ref.slot, copy, now);

	if (limit == LIMIT_NONE)
		return 0;
	edit_load(&edit, board, ref);
	int error = enter_family(&edit, deadline, &hold);
	if (error < 0)
		return error;
	time_out(&edit, limit, &hold);
	add_relaxed(&board->header->counters.refused_final, 1);
	return TRACKD_E_FINAL;
}

/* A worker that died after its task was asked to cancel has done what it was asked to do. How it
 * died stays in the error. */
static int finish_lost(struct edit *edit, const struct record_end *end, uint64_t deadline)
{
	struct record_end how = *end;

	if (view_is_asked(load_relaxed(&edit->head->cancel), edit->generation)) {
		how.state = TRACKD_CANCELLED;
		how.reason = TRACKD_REASON_CANCELLED;
		how.message = "Cancelled";
	}
	return finish(edit, &how, deadline);
}

int record_end(struct board *board, struct trackd_ref ref, const struct record_end *end,
	       uint64_t deadline)
{
	struct edit edit;
	int error = end->only_worker ? edit_begin(&edit, board, ref, deadline)
				     : edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	if (end->only_worker == 0)
		return finish(&edit, end, deadline);
	if (is_final(edit.next.state) || edit.next.worker != end->only_worker) {
		abandon(board, ref.slot);
		return -EAGAIN;
	}
	return finish_lost(&edit, end, deadline);
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
	struct family_hold hold;
	int error = edit_begin_open(&edit, board, ref, deadline);

	if (error < 0)
		return error;
	if (edit.next.state != TRACKD_ACTIVE || edit.next.updated != updated ||
	    !work_is_of(work, ref.generation)) {
		abandon(board, ref.slot);
		return -EAGAIN;
	}
	error = enter_family(&edit, deadline, &hold);
	if (error < 0)
		return error;
	/* The swap proves that nothing was counted, and stops unlocked increments. */
	if (!cas_relaxed(&edit.body->work, &work, work | WORK_SEAL)) {
		family_drop(board, &hold);
		abandon(board, ref.slot);
		return -EAGAIN;
	}
	time_out(&edit, LIMIT_PROGRESS, &hold);
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
	/* Publish a new revision, for readers that compare revisions; `updated` is unchanged, except
	 * of a parent: its last update may be long ago, while its children lived. */
	if (edit->next.flags & COPY_PARENT)
		edit->next.updated = edit->now;
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
		error = finish(&edit, &end, deadline);
		return error < 0 ? error : TRACKD_CANCEL_ENDED;
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
