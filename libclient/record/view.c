/* SPDX-License-Identifier: MIT */
/*
 * The reader's half of publishing: load the stamp, read the copy that it selects, pass a fence,
 * load the stamp again. If it is unchanged, the data is consistent. A writer that is stopped or
 * dead does not change the stamp, so a reader never waits. A writer that publishes continually
 * costs a reader a few tries, up to a limit.
 *
 * No data read here is trusted: indices are checked, and strings are measured within their fields.
 */
#include "libclient/record/view.h"
#include "libclient/family/family.h"
#include "libclient/index/index.h"
#include "libclient/public.h"
#include "libclient/record/kind.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include <errno.h>
#include <string.h>

/* How often a read is tried again because a writer published in between. */
enum { TRIES = 1000 };

/* ---- In place -------------------------------------------------------------- */

static const struct layout_body *body_of(const struct trackd_view *view)
{
	return &((const struct board *)view->board)->bodies[view->ref.slot & REF_SLOT_MASK];
}

/* The progress that a final task had before its end: an end changes neither stage nor counts. */
int view_last_progress(const struct board *board, uint32_t kind, uint8_t state, uint8_t stage,
		       uint64_t done, uint64_t total)
{
	bool entered = state == TRACKD_COMPLETED && stage < LAYOUT_STAGES;

	if (state == TRACKD_COMPLETED)
		state = entered ? TRACKD_ACTIVE : TRACKD_PENDING;
	return kind_progress(board, kind, state, stage, done, total);
}

static const struct layout_copy *copy_of(const struct trackd_view *view)
{
	return &body_of(view)->copy[stamp_version(view->stamp) & 1];
}

static bool is_rollup(const struct trackd_view *view)
{
	return __builtin_expect((load_relaxed(&copy_of(view)->flags) & COPY_ROLLUP) != 0, 0);
}

/* A view of a rollup takes its numbers from the counts of the children. */
static int look_at_rollup(const struct board *board, struct trackd_ref ref, uint64_t now,
			  struct trackd_view *view)
{
	int error = view_look(board, ref, now, view);

	if (error != -EAGAIN || !is_rollup(view))
		return error;
	rollup_show(board, ref.slot, &view->done, &view->total);
	fence_acquire(); /* as in view_look() */
	return load_relaxed(&board->heads[ref.slot].stamp) == view->stamp ? 0 : -EAGAIN;
}

int view_get_again(const struct board *board, struct trackd_ref ref, uint64_t now,
		   struct trackd_view *ret_view)
{
	int error = -EAGAIN;

	for (int i = 1; i < TRIES && error == -EAGAIN; i++)
		error = look_at_rollup(board, ref, now, ret_view);
	return error;
}

PUBLIC bool trackd_view_valid(const struct trackd_view *view)
{
	const struct layout_head *head = view->head;
	const struct layout_copy *copy = copy_of(view);

	/* Pairs with fence_release() before a fill in record.c. The version in the stamp wraps
	 * around after 2^30; the revision does not. */
	fence_acquire();
	return load_relaxed(&head->stamp) == view->stamp &&
	       load_relaxed(&copy->revision) == view->revision;
}

/* A string in place, or "" if it is not terminated within its field. */
static const char *text_at(const uint8_t *field, size_t size)
{
	const char *text = (const char *)field;

	return strnlen(text, size) < size ? text : "";
}

static const struct layout_detail *detail_of(const struct trackd_view *view)
{
	return &((const struct board *)view->board)->details[view->ref.slot & REF_SLOT_MASK];
}

PUBLIC const char *trackd_view_id(const struct trackd_view *view)
{
	return text_at(body_of(view)->id, LAYOUT_ID);
}

PUBLIC const char *trackd_view_owner(const struct trackd_view *view)
{
	return text_at(detail_of(view)->owner, LAYOUT_OWNER);
}

PUBLIC const char *trackd_view_name(const struct trackd_view *view)
{
	return text_at(detail_of(view)->name, LAYOUT_NAME);
}

PUBLIC const char *trackd_view_message(const struct trackd_view *view)
{
	return text_at(copy_of(view)->message, LAYOUT_MESSAGE);
}

PUBLIC const char *trackd_view_error(const struct trackd_view *view)
{
	const struct layout_copy *copy = copy_of(view);

	if (view->state == TRACKD_COMPLETED || (load_relaxed(&copy->flags) & COPY_ERROR) == 0)
		return "";
	return text_at(detail_of(view)->error, LAYOUT_ERROR);
}

PUBLIC const char *trackd_view_result(const struct trackd_view *view)
{
	const struct layout_copy *copy = copy_of(view);

	if (view->state != TRACKD_COMPLETED || (load_relaxed(&copy->flags) & COPY_ERROR) == 0)
		return "";
	return text_at(detail_of(view)->error, LAYOUT_ERROR);
}

PUBLIC const char *trackd_view_labels(const struct trackd_view *view)
{
	if ((load_relaxed(&copy_of(view)->flags) & COPY_LABELS) == 0)
		return "";
	return text_at(detail_of(view)->labels, LAYOUT_LABELS);
}

PUBLIC const char *trackd_view_status(const struct trackd_view *view)
{
	if (view->state == TRACKD_ACTIVE)
		return kind_stage_name(view->board, (uint32_t)view->kind, (uint8_t)view->stage);
	return trackd_state_name((enum trackd_state)view->state);
}

PUBLIC int trackd_view_progress(const struct trackd_view *view)
{
	if (is_rollup(view))
		return rollup_progress(view->state, view->done, view->total);
	return kind_progress(view->board, (uint32_t)view->kind, view->state, (uint8_t)view->stage,
			     view->done, view->total);
}

PUBLIC const char *trackd_view_last_message(const struct trackd_view *view)
{
	const struct layout_body *body = body_of(view);

	if (!trackd_state_final((enum trackd_state)view->state))
		return "";
	return text_at(body->copy[~stamp_version(view->stamp) & 1].message, LAYOUT_MESSAGE);
}

PUBLIC int trackd_view_last_progress(const struct trackd_view *view)
{
	if (is_rollup(view))
		return rollup_progress(TRACKD_ACTIVE, view->done, view->total);
	return view_last_progress(view->board, (uint32_t)view->kind, view->state,
				  (uint8_t)view->stage, view->done, view->total);
}

PUBLIC uint64_t trackd_view_serial(const struct trackd_view *view)
{
	return load_relaxed(&((const struct layout_head *)view->head)->serial);
}

/* ---- Small questions ----------------------------------------------------- */

int view_lookup(const struct board *board, const char *id, uint64_t now, struct trackd_ref *ret_ref)
{
	uint32_t slot;
	uint64_t stamp;
	int error = index_lookup(board, id, &slot, &stamp);

	if (error < 0)
		return error;
	if (now >= load_relaxed(&board->heads[slot].deadline))
		return TRACKD_E_NOT_FOUND;
	*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
	return 0;
}

int view_follow(const struct board *board, const char *id, uint64_t serial, uint64_t now,
		struct trackd_ref *ret_ref)
{
	struct trackd_ref ref;
	int error = view_lookup(board, id, now, &ref);

	if (error < 0)
		return error;
	const struct layout_head *head = &board->heads[ref.slot];
	uint64_t found = load_relaxed(&head->serial);

	/* The serial is of the tenant whose generation is still there. */
	fence_acquire();
	if (found != serial || !stamp_is_live(load_relaxed(&head->stamp), ref.generation))
		return TRACKD_E_GONE;
	*ret_ref = ref;
	return 0;
}
