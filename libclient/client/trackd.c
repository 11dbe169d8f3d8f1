/* SPDX-License-Identifier: MIT */
/*
 * The public calls: check the arguments, get the board, call the module. trackd.h documents them.
 */
#include "libclient/trackd.h"
#include "libclient/client/client.h"
#include "libclient/public.h"
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/text.h"
#include "libclient/signal/event.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_DEFAULT_MS = 2000 };

/* ---- Connection ---------------------------------------------------------- */

static int take_options(struct trackd *trackd, const struct trackd_options *options)
{
	static const unsigned known =
		TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER | TRACKD_OPEN_NO_DAEMON;

	if (options->size < sizeof *options || (options->flags & ~known) != 0 ||
	    options->worker_pid < 0)
		return -EINVAL;
	trackd->flags = options->flags;
	trackd->timeout_ns =
		(options->timeout_ms ? options->timeout_ms : TIMEOUT_DEFAULT_MS) * NS_PER_MS;
	trackd->worker_pid = options->worker_pid;
	return board_address_find(&trackd->address, options->board, options->socket);
}

PUBLIC int trackd_open(struct trackd **ret_trackd, const struct trackd_options *options)
{
	static const struct trackd_options defaults = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;
	int error = connection_new(&trackd);

	if (error < 0)
		return error;
	error = take_options(trackd, options ? options : &defaults);
	if (error == 0)
		error = attach_open(trackd);
	if (error < 0) {
		trackd_close(trackd);
		return error;
	}
	*ret_trackd = trackd;
	return 0;
}

PUBLIC void trackd_close(struct trackd *trackd)
{
	if (!trackd)
		return;
	attach_close(trackd);
	connection_free(trackd);
}

/* ---- Reading ------------------------------------------------------------- */

static __attribute__((noinline)) int ask_again(struct trackd *trackd, struct trackd_ref ref,
					       const struct board *board, int answer)
{
	while (answer < 0 ? follow_failed(trackd, &board, &answer)
			  : attach_reader_again(trackd, &board))
		answer = view_cancel_requested(board, ref_in(board, ref));
	return ref_answer(board, ref, answer);
}

PUBLIC int trackd_cancel_requested(struct trackd *trackd, struct trackd_ref ref)
{
	const struct board *board = &load_acquire(&trackd->mapping)->board;
	int answer = view_cancel_requested(board, ref_in(board, ref));

	if (__builtin_expect(answer >= 0 && !board_closed(board), 1))
		return answer;
	return ask_again(trackd, ref, board, answer);
}

static __attribute__((noinline)) int look_up_again(struct trackd *trackd, const char *id,
						   uint64_t coarse, const struct board *board,
						   int error, struct trackd_ref *ret_ref)
{
	while (error < 0 && follow_failed(trackd, &board, &error))
		error = view_lookup(board, id, board_time(board, coarse), ret_ref);
	if (error == 0)
		*ret_ref = ref_out(board, *ret_ref);
	/* No task has an invalid id, so validate the id only if the lookup fails. */
	return error == TRACKD_E_NOT_FOUND && !text_id_valid(id) ? TRACKD_E_KEY : error;
}

PUBLIC int trackd_lookup(struct trackd *trackd, const char *id, struct trackd_ref *ret_ref)
{
	uint64_t coarse = clock_coarse_ns();
	const struct board *board = attach_reader(trackd, coarse);
	int error = view_lookup(board, id, board_time(board, coarse), ret_ref);

	if (__builtin_expect(error < 0, 0))
		return look_up_again(trackd, id, coarse, board, error, ret_ref);
	*ret_ref = ref_out(board, *ret_ref);
	return 0;
}

PUBLIC int trackd_follow(struct trackd *trackd, const char *id, uint64_t serial,
			 struct trackd_ref *ret_ref)
{
	uint64_t coarse = clock_coarse_ns();
	const struct board *board = attach_reader(trackd, coarse);
	struct trackd_ref ref;
	int error;

	if (!text_id_valid(id))
		return TRACKD_E_KEY;
	do
		error = view_follow(board, id, serial, board_time(board, coarse), &ref);
	while (error < 0 && follow_failed(trackd, &board, &error));
	if (error == 0)
		*ret_ref = ref_out(board, ref);
	return error;
}

static __attribute__((noinline)) int get_otherwise(struct trackd *trackd, struct trackd_ref ref,
						   uint64_t coarse, struct trackd_view *ret_view)
{
	const struct board *board = attach_reader(trackd, coarse);
	int error;

	do
		error = view_get(board, ref_in(board, ref), board_time(board, coarse), ret_view);
	while (error < 0 && follow_failed(trackd, &board, &error));
	return ref_answer(board, ref, error);
}

PUBLIC int trackd_get(struct trackd *trackd, struct trackd_ref ref, struct trackd_view *ret_view)
{
	uint64_t coarse = clock_coarse_ns();
	const struct mapping *mapping = load_acquire(&trackd->mapping);
	const struct layout_header *header = mapping->board.header;

	if (__builtin_expect(ret_view->size < sizeof *ret_view, 0))
		return TRACKD_E_SIZE;
	uint64_t now = coarse + (uint64_t)load_relaxed(&header->suspend_offset_ns);

	/* The fast paths of attach_reader() and board_time() combined, with one load of the
	 * offset. */
	if (__builtin_expect(looked_lately(trackd, now) &&
				     load_relaxed(&mapping->board.clock) == BOARD_CLOCK_HEADER &&
				     !board_closed(&mapping->board),
			     1) &&
	    __builtin_expect(
		    view_get(&mapping->board, ref_in(&mapping->board, ref), now, ret_view) == 0, 1))
		return 0;
	return get_otherwise(trackd, ref, coarse, ret_view);
}

PUBLIC int trackd_copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task)
{
	uint64_t coarse = clock_coarse_ns();
	const struct board *board = attach_reader(trackd, coarse);
	int error;

	if (ret_task->size < sizeof *ret_task)
		return TRACKD_E_SIZE;
	do
		error = view_copy(board, ref_in(board, ref), board_time(board, coarse), ret_task);
	while (error < 0 && follow_failed(trackd, &board, &error));
	if (error == 0)
		ret_task->ref = ref;
	return ref_answer(board, ref, error);
}

PUBLIC void trackd_iter_all(struct trackd *trackd, struct trackd_iter *ret_iter)
{
	view_iter_all(attach_reader(trackd, clock_coarse_ns()), ret_iter);
}

PUBLIC int trackd_iter_owner(struct trackd *trackd, const char *owner, struct trackd_iter *ret_iter)
{
	if (!text_owner_valid(owner))
		return TRACKD_E_KEY;
	view_iter_owner(attach_reader(trackd, clock_coarse_ns()), owner, ret_iter);
	return 0;
}

PUBLIC int trackd_iter_after(struct trackd *trackd, const char *owner, struct trackd_ref ref,
			     struct trackd_iter *ret_iter)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	int error;

	if (!text_owner_valid(owner))
		return TRACKD_E_KEY;
	do
		error = view_iter_after(board, owner, ref_in(board, ref), ret_iter);
	while (error < 0 && follow_failed(trackd, &board, &error));
	return ref_answer(board, ref, error);
}

PUBLIC int trackd_iter_children(struct trackd *trackd, struct trackd_ref ref,
				struct trackd_iter *ret_iter)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	int error;

	do
		error = view_iter_children(board, ref_in(board, ref), ret_iter);
	while (error < 0 && follow_failed(trackd, &board, &error));
	return ref_answer(board, ref, error);
}

PUBLIC int trackd_rollup(struct trackd *trackd, struct trackd_ref ref,
			 struct trackd_rollup *ret_rollup)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	int error;

	if (ret_rollup->size < sizeof *ret_rollup)
		return TRACKD_E_SIZE;
	do
		error = rollup_sum(board, ref_in(board, ref), ret_rollup);
	while (error < 0 ? follow_failed(trackd, &board, &error)
			 : attach_reader_again(trackd, &board));
	return ref_answer(board, ref, error);
}

/* A step on a board that was replaced meanwhile may have skipped tasks: repeat it on the
 * successor. */
static __attribute__((noinline)) int next_on_another(struct trackd *trackd,
						     struct trackd_iter *iter,
						     struct trackd_ref ref,
						     struct trackd_ref *ret_ref, int found)
{
	const struct board *board = view_iter_board(iter);

	while (found == 1 ? attach_reader_again(trackd, &board)
			  : follow_failed(trackd, &board, &found)) {
		view_iter_move(iter, board);
		found = view_next(iter, &ref);
	}
	if (found == 1)
		*ret_ref = ref_out(view_iter_board(iter), ref);
	return found;
}

PUBLIC int trackd_next(struct trackd *trackd, struct trackd_iter *iter, struct trackd_ref *ret_ref)
{
	struct trackd_ref ref;
	int found = view_next(iter, &ref);
	const struct board *board = view_iter_board(iter);

	if (__builtin_expect(&load_acquire(&trackd->mapping)->board == board &&
				     board_closed(board) == LAYOUT_OPEN,
			     1)) {
		if (found == 1)
			*ret_ref = ref_out(board, ref);
		return found;
	}
	return next_on_another(trackd, iter, ref, ret_ref, found);
}

/* ---- Kinds --------------------------------------------------------------- */

PUBLIC int trackd_kind_find(struct trackd *trackd, const char *name)
{
	return kind_find(attach_reader(trackd, clock_coarse_ns()), name);
}

PUBLIC int trackd_kind_get(struct trackd *trackd, int kind, struct trackd_kind *ret_kind)
{
	if (ret_kind->size < sizeof *ret_kind)
		return TRACKD_E_SIZE;
	return kind_get(attach_reader(trackd, clock_coarse_ns()), kind, ret_kind);
}

PUBLIC int trackd_stage_find(struct trackd *trackd, int kind, const char *name)
{
	return kind_stage_find(attach_reader(trackd, clock_coarse_ns()), kind, name);
}
