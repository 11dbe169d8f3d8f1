/* SPDX-License-Identifier: MIT */
/* Reading records: in place, as a copy, and by iteration. No lock, no system call. */
#ifndef TRACKD_RECORD_VIEW_H
#define TRACKD_RECORD_VIEW_H

#include "libclient/index/index.h"
#include "libclient/record/rollup.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <string.h>

/* ---- What a copy's facts mean ------------------------------------------------ */

static inline uint8_t view_stage(uint8_t stage)
{
	return stage < LAYOUT_STAGES ? stage : (uint8_t)COPY_NO_STAGE;
}

static inline bool view_is_asked(uint64_t cancel, uint32_t generation)
{
	/* {generation, 1 to 2^32 - 1}; rarely set, so test the time first */
	return __builtin_expect((uint32_t)cancel != 0, 0) && (uint32_t)(cancel >> 32) == generation;
}

/* base: of a final copy, done. */
static inline uint64_t view_done(uint8_t state, uint64_t work, uint64_t base)
{
	if (__builtin_expect(trackd_state_final((enum trackd_state)state), 0))
		return base;
	return (work - base) & WORK_COUNT_MASK;
}

static_assert((int)COPY_MESSAGE_CUT == (int)TRACKD_MESSAGE_CUT &&
		      (int)COPY_ERROR_CUT == (int)TRACKD_ERROR_CUT &&
		      (int)DETAIL_NAME_CUT == (int)TRACKD_NAME_CUT,
	      "flags are passed on unchanged");

static inline uint8_t view_flags(uint16_t copy_flags, uint32_t detail_flags, bool asked)
{
	return (uint8_t)((copy_flags & (COPY_MESSAGE_CUT | COPY_ERROR_CUT)) |
			 (detail_flags & DETAIL_NAME_CUT) | (asked ? TRACKD_CANCEL_REQUESTED : 0));
}

/* ---- In place ---------------------------------------------------------------- */

static_assert(
	offsetof(struct layout_copy, reason) == offsetof(struct layout_copy, state) + 1 &&
		offsetof(struct layout_copy, stage) == offsetof(struct layout_copy, state) + 2 &&
		offsetof(struct trackd_view, reason) == offsetof(struct trackd_view, state) + 1 &&
		offsetof(struct trackd_view, stage) == offsetof(struct trackd_view, state) + 2 &&
		offsetof(struct layout_copy, flags) == offsetof(struct layout_copy, state) + 4 &&
		offsetof(struct trackd_view, flags) == offsetof(struct trackd_view, state) + 4 &&
		offsetof(struct trackd_view, kind) == offsetof(struct trackd_view, state) + 6,
	"a view's small fields have the layout of a copy's");

/* Set the small fields of a view in one store: separate stores would take a tenth of trackd_get()'s
 * time. */
static inline void view_word(struct trackd_view *view, uint64_t word, uint32_t kind, bool asked)
{
	uint64_t shown = COPY_MESSAGE_CUT | COPY_ERROR_CUT;
	uint64_t facts = (word & (0xffffff | shown << 32)) | (uint64_t)kind << 48;

	if (COPY_WORD_STAGE(word) >= LAYOUT_STAGES)
		facts |= (uint64_t)COPY_NO_STAGE << 16;
	if (__builtin_expect(asked, 0))
		facts |= (uint64_t)TRACKD_CANCEL_REQUESTED << 32;
	memcpy(&view->state, &facts, sizeof facts);
}

/* Returns the copy's flags. */
static inline uint16_t view_load(struct trackd_view *view, const struct layout_head *head,
				 const struct layout_body *body, const struct layout_copy *copy,
				 uint32_t generation)
{
	uint64_t word = load_relaxed((const word_t *)(const void *)&copy->state);
	uint64_t base = load_relaxed(&copy->base);

	view->revision = load_relaxed(&copy->revision);
	view->total = load_relaxed(&copy->total);
	view->updated_boot_ns = load_relaxed(&copy->updated);
	view_word(view, word, hint_kind(load_relaxed(&head->hint)),
		  view_is_asked(load_relaxed(&head->cancel), generation));
	/* The counter is never below base, whatever the order of the loads: a writer loads the
	 * counter before it publishes base. */
	view->done = view_done(COPY_WORD_STATE(word), load_relaxed(&body->work), base);
	view->head = head;
	return COPY_WORD_FLAGS(word);
}

/* One try. -EAGAIN: a writer published in between, or the record shows a rollup. */
static inline int view_look(const struct board *board, struct trackd_ref ref, uint64_t now,
			    struct trackd_view *view)
{
	uint64_t bits = ref_bits(ref);
	uint32_t slot = (uint32_t)bits, generation = (uint32_t)(bits >> 32);

	if (slot >= board->capacity)
		return TRACKD_E_GONE;
	const struct layout_head *head = &board->heads[slot];
	const struct layout_body *body = &board->bodies[slot];
	/* Pairs with the release of the stamp in record.c and tenant.c. */
	uint64_t stamp = load_acquire(&head->stamp);

	if (!stamp_is_live(stamp, generation) || now >= load_relaxed(&head->deadline))
		return TRACKD_E_GONE;
	view->ref = ref_out(board, ref);
	view->stamp = stamp;
	view->board = board;
	uint16_t flags =
		view_load(view, head, body, &body->copy[stamp_version(stamp) & 1], generation);
	/* Pairs with fence_release() before a fill in record.c. */
	fence_acquire();
	/* Both in one test, and without a branch for what is not a rollup. */
	uint64_t again = (load_relaxed(&head->stamp) ^ stamp) | (flags & COPY_ROLLUP);
	return __builtin_expect(again == 0, 1) ? 0 : -EAGAIN;
}

int view_get_again(const struct board *board, struct trackd_ref ref, uint64_t now,
		   struct trackd_view *ret_view);

static inline int view_get(const struct board *board, struct trackd_ref ref, uint64_t now,
			   struct trackd_view *ret_view)
{
	int error = view_look(board, ref, now, ret_view);

	return __builtin_expect(error == -EAGAIN, 0) ? view_get_again(board, ref, now, ret_view)
						     : error;
}

static inline int view_cancel_requested(const struct board *board, struct trackd_ref ref)
{
	if (ref.slot >= board->capacity)
		return TRACKD_E_GONE;
	const struct layout_head *head = &board->heads[ref.slot];

	if (!stamp_is_live(load_acquire(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	return view_is_asked(load_relaxed(&head->cancel), ref.generation);
}

/* The progress that a final task had before its end. */
int view_last_progress(const struct board *board, uint32_t kind, uint8_t state, uint8_t stage,
		       uint64_t done, uint64_t total);

/* The public calls of the same names, on a given board. now: board_time(). */
int view_copy(const struct board *board, struct trackd_ref ref, uint64_t now,
	      struct trackd_task *ret_task);
int view_lookup(const struct board *board, const char *id, uint64_t now,
		struct trackd_ref *ret_ref);
int view_follow(const struct board *board, const char *id, uint64_t serial, uint64_t now,
		struct trackd_ref *ret_ref);

void view_iter_all(const struct board *board, struct trackd_iter *ret_iter);
void view_iter_owner(const struct board *board, const char *owner, struct trackd_iter *ret_iter);
int view_iter_after(const struct board *board, const char *owner, struct trackd_ref ref,
		    struct trackd_iter *ret_iter);
int view_iter_children(const struct board *board, struct trackd_ref ref,
		       struct trackd_iter *ret_iter);
int view_next(struct trackd_iter *iter, struct trackd_ref *ret_ref);

/* Which tasks an iterator returns. */
enum iter_by { ITER_ALL, ITER_OWNER, ITER_PARENT };

/* The contents of a struct trackd_iter. */
struct iter {
	const struct board *board;
	uint64_t lineage; /* hash_seed of the board */
	uint32_t by;      /* enum iter_by */
	uint32_t next;    /* all tasks: next slot to check; otherwise: tasks visited */
	union {
		uint64_t owner_hash;
		uint64_t serial; /* of the parent */
	};
	struct index_position position; /* in a chain */
	char key[LAYOUT_OWNER];         /* owner, or the parent's id */
	struct trackd_ref parent;
	/* before the last step, to repeat it */
	struct index_position position_before;
	uint32_t next_before;
};

static_assert(sizeof(struct iter) <= sizeof(struct trackd_iter), "iterator");

static inline const struct board *view_iter_board(const struct trackd_iter *iter)
{
	return ((const struct iter *)(const void *)iter)->board;
}

/* Undo the last step and move to the board that replaced the iterator's. The iteration continues
 * there; if that board does not descend from the old one, it restarts. */
void view_iter_move(struct trackd_iter *iter, const struct board *board);

#endif
