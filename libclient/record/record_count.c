/* SPDX-License-Identifier: MIT */
/* Counting work: the changes of a record that set or raise its counter; see record.h. */
#include "libclient/record/edit.h"
#include "libclient/record/record.h"

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
