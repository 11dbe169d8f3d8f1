/* SPDX-License-Identifier: MIT */
/*
 * An edit of one record: lock it, load the facts of the current copy, change them, write them to
 * the other copy, publish. Only record.c, record_count.c and parent.c include this. Everything is inline, because a
 * function call per step would slow an update down by a fifth.
 */
#ifndef TRACKD_RECORD_EDIT_H
#define TRACKD_RECORD_EDIT_H

#include "libclient/record/facts.h"
#include "libclient/record/limits.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/namespace.h"
#include "libclient/segment/text.h"
#include "libclient/signal/earliest.h"
#include "libclient/signal/event.h"

/* The state between locking a record and publishing. */
struct edit {
	struct board *board;
	struct layout_head *head;
	struct layout_body *body;
	const struct layout_copy *from; /* the current copy */
	struct layout_copy *to;         /* filled here until the commit */
	uint32_t slot, generation;
	uint64_t stamp, now;
	uint64_t count;   /* work counter at the beginning */
	bool new_message; /* the new message has been written to `to` */
	struct facts next;
};

/* ---- From lock to publish ------------------------------------------------ */

/* If a limit has passed, end the task: TRACKD_E_FINAL, and the lock is released; else 0; or an error if the
 * family's stripe is not to be had, and the lock is released too. In record.c; called before the facts are loaded, so that the common edit stays in registers. */
int edit_time_out_if_due(struct board *board, struct trackd_ref ref, uint64_t stamp, uint64_t now,
			 uint64_t deadline);

/* Whether a limit may have passed: the task has limits of its own, or was not updated for a
 * millisecond, the shortest active_ttl. */
INLINE bool may_be_due(const struct layout_copy *copy, uint64_t now)
{
	return ((load_relaxed(&copy->flags) & COPY_LIMITS) |
		(now - load_relaxed(&copy->updated)) >> 20) != 0;
}

INLINE void edit_load(struct edit *edit, struct board *board, struct trackd_ref ref)
{
	edit->board = board;
	edit->head = &board->heads[ref.slot];
	edit->body = &board->bodies[ref.slot];
	edit->slot = ref.slot;
	edit->generation = ref.generation;
	edit->from = &edit->body->copy[stamp_version(edit->stamp) & 1];
	edit->to = &edit->body->copy[~stamp_version(edit->stamp) & 1];
	edit->new_message = false;
	facts_load(&edit->next, edit->from);
	edit->count = load_relaxed(&edit->body->work) & WORK_COUNT_MASK;
	/* Orders the previous publish's stamp before the fill that follows; pairs with
	 * fence_acquire() before a reader's second load of the stamp. */
	fence_release();
}

/* Lock and load. On success the record's mutex is held. A task that a limit has ended by now is
 * ended here. */
INLINE int edit_begin(struct edit *edit, struct board *board, struct trackd_ref ref,
		      uint64_t deadline)
{
	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	struct layout_head *head = &board->heads[ref.slot];
	struct layout_body *body = &board->bodies[ref.slot];
	if (!stamp_is_live(load_acquire(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	int error = slot_lock(board, ref.slot, deadline);
	if (error < 0)
		return error;
	/* Check under the lock: the daemon closes the board before it takes this lock for the last
	 * time. */
	if (__builtin_expect(board_closed(board) != LAYOUT_OPEN, 0)) {
		slot_unlock(board, ref.slot);
		return TRACKD_E_MOVING;
	}
	edit->stamp = load_acquire(&head->stamp);
	error = namespace_now(board, &edit->now);
	if (__builtin_expect(error < 0, 0)) {
		slot_unlock(board, ref.slot);
		return error;
	}
	/* An expired record is gone, even before it is removed. */
	if (!stamp_is_live(edit->stamp, ref.generation) ||
	    edit->now >= load_relaxed(&head->deadline)) {
		slot_unlock(board, ref.slot);
		return TRACKD_E_GONE;
	}
	if (__builtin_expect(may_be_due(&body->copy[stamp_version(edit->stamp) & 1], edit->now),
			     0)) {
		error = edit_time_out_if_due(board, ref, edit->stamp, edit->now, deadline);
		if (error < 0)
			return error;
	}
	edit_load(edit, board, ref);
	return 0;
}

static inline void abandon(struct board *board, uint32_t slot)
{
	slot_unlock(board, slot);
}

static __attribute__((noinline)) int refuse_final(struct board *board, uint32_t slot)
{
	add_relaxed(&board->header->counters.refused_final, 1);
	abandon(board, slot);
	return TRACKD_E_FINAL;
}

/* edit_begin() for changes that a final record refuses. */
INLINE int edit_begin_open(struct edit *edit, struct board *board, struct trackd_ref ref,
			   uint64_t deadline)
{
	int error = edit_begin(edit, board, ref, deadline);

	if (error == 0 && __builtin_expect(is_final(edit->next.state), 0))
		return refuse_final(board, ref.slot);
	return error;
}

INLINE void edit_message(struct edit *edit, const char *message)
{
	bool cut;
	size_t length = text_fit(message, TRACKD_MESSAGE_MAX, &cut);

	text_store(edit->to->message, message, length);
	edit->new_message = true;
	edit->next.message_len = length;
	edit->next.flags &= ~(uint64_t)COPY_MESSAGE_CUT;
	edit->next.flags |= cut ? COPY_MESSAGE_CUT : 0u;
}

INLINE void keep_message(const struct edit *edit)
{
	size_t n = edit->next.message_len / 8u + 1;
	const word_t *from = (const void *)edit->from->message;
	word_t *to = (void *)edit->to->message;

	for (size_t i = 0; i < n && i < LAYOUT_MESSAGE / 8; i++)
		store_relaxed(&to[i], load_relaxed(&from[i]));
}

/* Fill the copy that is not current. */
INLINE void edit_fill(struct edit *edit)
{
	if (!edit->new_message)
		keep_message(edit);
	facts_store(edit->to, &edit->next);
}

/* Lower the bound after a deadline was shortened. Takes values, so that the edit stays in
 * registers. */
static __attribute__((noinline)) void edit_expires(struct board *board, uint64_t deadline)
{
	fence_full();
	earliest_lower(board, deadline);
}

/* Publish. The record's mutex stays locked, for the event. */
INLINE void edit_commit(struct edit *edit)
{
	struct layout_head *head = edit->head;
	uint64_t version = stamp_version(edit->stamp);

	edit->next.revision++;
	edit_fill(edit);
	uint64_t before = load_relaxed(&head->deadline);
	uint64_t after = deadline_of(edit->board, edit->body, edit->next.flags, edit->next.state,
				     edit->next.worker, edit->next.updated);
	uint32_t seen = load_relaxed(&head->hint);
	uint32_t hint = hint_make(edit->next.worker, (uint8_t)edit->next.state, hint_kind(seen)) |
			(seen & HINT_LIMITED);

	if (after > before)
		store_relaxed(&head->deadline, after);
	if (seen != hint)
		store_relaxed(&head->hint, hint);
	/* The commit. Pairs with the acquire of the stamp by readers. */
	store_release(&head->stamp, stamp_make(edit->generation, version + 1, SLOT_LIVE));
	if (after < before) { /* a shorter deadline must not be visible before the commit */
		store_release(&head->deadline, after);
		edit_expires(edit->board, after);
	}
}

/* After the commit: clear the seal if the previous copy needed it and this one does not. */
INLINE void edit_settle_seal(const struct edit *edit)
{
	if (__builtin_expect((load_relaxed(&edit->body->work) & WORK_SEAL) != 0, 0) &&
	    !is_final(edit->next.state) && !work_needs_mutex(edit->next.base, edit->generation))
		and_relaxed(&edit->body->work, ~WORK_SEAL);
}

INLINE void edit_end(struct edit *edit)
{
	edit->next.updated = edit->now;
	edit_commit(edit);
	slot_unlock(edit->board, edit->slot);
}

/* After the commit of a transition: append its event and unlock. */
INLINE void edit_announce(struct edit *edit, enum trackd_event_type type, uint64_t done)
{
	edit_settle_seal(edit);
	event_append(edit->board, type, edit->slot, edit->generation, edit->now, edit->to, done);
	slot_unlock(edit->board, edit->slot);
	event_ring(edit->board);
}

/* Publish a transition and append its event. */
static __attribute__((noinline, unused)) void
edit_end_event(struct edit *edit, enum trackd_event_type type, uint64_t done)
{
	edit_commit(edit);
	edit_announce(edit, type, done);
}

static inline uint64_t edit_done(const struct edit *edit)
{
	return (edit->count - edit->next.base) & WORK_COUNT_MASK;
}

#endif
