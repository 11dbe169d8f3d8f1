/* SPDX-License-Identifier: MIT */
/*
 * The public calls: check what the caller gave, take the board, call the module. trackd.h says what
 * each does.
 */
#include "trackd.h"
#include "atomic.h"
#include "client.h"
#include "event.h"
#include "kind.h"
#include "public.h"
#include "record.h"
#include "slot.h"
#include "tenant.h"
#include "text.h"
#include "view.h"
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
	return place_find(&trackd->place, options->board, options->socket);
}

PUBLIC int trackd_open(struct trackd **ret_trackd, const struct trackd_options *options)
{
	static const struct trackd_options defaults = TRACKD_OPTIONS_INIT;
	struct trackd *trackd = calloc(1, sizeof *trackd);

	if (!trackd)
		return -ENOMEM;
	trackd->socket = trackd->epoll = trackd->timer = -1;
	trackd->link_pid = getpid();
	local_lock_init(&trackd->lock);
	int error = take_options(trackd, options ? options : &defaults);
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
	free(trackd);
}

static uint64_t lock_deadline(const struct trackd *trackd)
{
	return clock_coarse_ns() + trackd->timeout_ns;
}

/* ---- Producing ----------------------------------------------------------- */

static int check_new(const struct board *board, const struct trackd_new *task)
{
	if (task->size < sizeof *task || (task->flags & ~(uint32_t)TRACKD_REPLACE) != 0)
		return -EINVAL;
	if (!task->id || !text_id_valid(task->id) ||
	    (task->owner && !text_owner_valid(task->owner)))
		return TRACKD_E_KEY;
	if (task->kind < 0 || (uint32_t)task->kind >= kind_count(board))
		return TRACKD_E_KIND;
	return task->total <= TRACKD_WORK_MAX ? 0 : TRACKD_E_OVERFLOW;
}

PUBLIC int trackd_create(struct trackd *trackd, const struct trackd_new *task,
			 struct trackd_ref *ret_ref)
{
	struct mapping *mapping;
	struct trackd_ref ref;
	int error = attach_writer(trackd, &mapping);

	if (error == 0)
		error = check_new(&mapping->board, task);
	if (error < 0)
		return error;
	struct tenant_new record = {
		.id = task->id,
		.owner = task->owner ? task->owner : "",
		.name = task->name ? task->name : task->id,
		.message = task->message ? task->message : "Queued for processing",
		.total = task->total,
		.kind = (uint8_t)task->kind,
		.ttl_ms = task->ttl_ms,
		.active_ttl_ms = task->active_ttl_ms,
		.replace = (task->flags & TRACKD_REPLACE) != 0,
	};
	error = tenant_create(&mapping->board, &record, lock_deadline(trackd), &ref);
	attach_look(trackd);
	if (error == 0 && ret_ref)
		*ret_ref = ref;
	return error;
}

PUBLIC int trackd_update(struct trackd *trackd, struct trackd_ref ref, int stage,
			 const char *message)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	uint64_t worker = load_relaxed(&mapping->worker);
	/* The clock is read for a deadline only if there is something to wait for. */
	error = record_update(&mapping->board, ref, stage, message, worker, LOCK_TRY);
	if (error == -EBUSY)
		error = record_update(&mapping->board, ref, stage, message, worker,
				      lock_deadline(trackd));
	attach_look(trackd);
	return error;
}

static __attribute__((noinline)) int advance_otherwise(struct trackd *trackd, struct trackd_ref ref,
						       uint64_t units)
{
	struct mapping *mapping;
	int error = attach_again(trackd, &mapping);

	return error < 0 ? error : record_advance_slowly(&mapping->board, ref, units);
}

PUBLIC int trackd_advance(struct trackd *trackd, struct trackd_ref ref, uint64_t units)
{
	struct mapping *mapping = attach_ready(trackd);

	if (__builtin_expect(mapping == NULL, 0))
		return advance_otherwise(trackd, ref, units);
	return record_advance(&mapping->board, ref, units);
}

PUBLIC int trackd_set_total(struct trackd *trackd, struct trackd_ref ref, uint64_t total)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	error = record_set_total(&mapping->board, ref, total, lock_deadline(trackd));
	attach_look(trackd);
	return error;
}

PUBLIC int trackd_set_progress(struct trackd *trackd, struct trackd_ref ref, uint64_t done,
			       uint64_t total)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	error = record_set_progress(&mapping->board, ref, done, total, lock_deadline(trackd));
	attach_look(trackd);
	return error;
}

static int end_task(struct trackd *trackd, struct trackd_ref ref, const struct record_end *end)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	error = record_end(&mapping->board, ref, end, lock_deadline(trackd));
	attach_look(trackd);
	return error;
}

PUBLIC int trackd_complete(struct trackd *trackd, struct trackd_ref ref, const char *message)
{
	struct record_end end = { .state = TRACKD_COMPLETED,
				  .message = message ? message : "Processing complete" };

	return end_task(trackd, ref, &end);
}

PUBLIC int trackd_fail(struct trackd *trackd, struct trackd_ref ref, const char *error)
{
	struct record_end end = { .state = TRACKD_FAILED,
				  .reason = TRACKD_REASON_ERROR,
				  .message = "Processing failed",
				  .error = error ? error : "Unknown error" };

	return end_task(trackd, ref, &end);
}

PUBLIC int trackd_cancelled(struct trackd *trackd, struct trackd_ref ref, const char *message)
{
	struct record_end end = { .state = TRACKD_CANCELLED,
				  .reason = TRACKD_REASON_CANCELLED,
				  .message = message ? message : "Cancelled" };

	return end_task(trackd, ref, &end);
}

PUBLIC int trackd_cancel(struct trackd *trackd, struct trackd_ref ref)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	error = record_cancel(&mapping->board, ref, lock_deadline(trackd));
	attach_look(trackd);
	return error;
}

PUBLIC int trackd_remove(struct trackd *trackd, struct trackd_ref ref)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	error = slot_remove(&mapping->board, ref, SLOT_REMOVE_ASKED, lock_deadline(trackd));
	if (error == 0)
		event_ring(&mapping->board);
	attach_look(trackd);
	return error;
}

/* ---- Reading ------------------------------------------------------------- */

PUBLIC int trackd_cancel_requested(struct trackd *trackd, struct trackd_ref ref)
{
	const struct mapping *mapping = load_acquire(&trackd->mapping);

	return view_cancel_requested(&mapping->board, ref);
}

PUBLIC int trackd_lookup(struct trackd *trackd, const char *id, struct trackd_ref *ret_ref)
{
	uint64_t coarse = clock_coarse_ns();
	const struct board *board = attach_reader(trackd, coarse);

	int error = view_lookup(board, id, board_time(board, coarse), ret_ref);
	/* What no id can be is not on the board either: looked at only then. */
	return error == TRACKD_E_NOT_FOUND && !text_id_valid(id) ? TRACKD_E_KEY : error;
}

static __attribute__((noinline)) int get_otherwise(struct trackd *trackd, struct trackd_ref ref,
						   uint64_t coarse, struct trackd_view *ret_view)
{
	const struct board *board = attach_reader(trackd, coarse);

	return view_get(board, ref, board_time(board, coarse), ret_view);
}

PUBLIC int trackd_get(struct trackd *trackd, struct trackd_ref ref, struct trackd_view *ret_view)
{
	uint64_t coarse = clock_coarse_ns();
	const struct mapping *mapping = load_acquire(&trackd->mapping);
	uint64_t now = coarse + (uint64_t)load_relaxed(&mapping->board.header->suspend_offset_ns);

	/* What attach_reader() and board_time() come to nearly always, with one reading of the
	 * offset. */
	if (__builtin_expect(
		    now < load_relaxed(&trackd->next_look) && !mapping->board.foreign_clock, 1))
		return view_get(&mapping->board, ref, now, ret_view);
	return get_otherwise(trackd, ref, coarse, ret_view);
}

PUBLIC int trackd_copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task)
{
	uint64_t coarse = clock_coarse_ns();
	const struct board *board = attach_reader(trackd, coarse);

	return view_copy(board, ref, board_time(board, coarse), ret_task);
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

PUBLIC int trackd_next(struct trackd *trackd, struct trackd_iter *iter, struct trackd_ref *ret_ref)
{
	(void)trackd; /* the iterator goes on where it began, even if the connection has moved on */
	return view_next(iter, ret_ref);
}

/* ---- Kinds --------------------------------------------------------------- */

PUBLIC int trackd_kind_declare(struct trackd *trackd, const char *name,
			       const struct trackd_stage_def *stages, int n_stages)
{
	struct mapping *mapping;
	int error = attach_writer(trackd, &mapping);

	if (error < 0)
		return error;
	return kind_declare(&mapping->board, name, stages, n_stages, lock_deadline(trackd));
}

PUBLIC int trackd_kind_find(struct trackd *trackd, const char *name)
{
	return kind_find(attach_reader(trackd, clock_coarse_ns()), name);
}

PUBLIC int trackd_kind_get(struct trackd *trackd, int kind, struct trackd_kind *ret_kind)
{
	return kind_get(attach_reader(trackd, clock_coarse_ns()), kind, ret_kind);
}

PUBLIC int trackd_stage_find(struct trackd *trackd, int kind, const char *name)
{
	return kind_stage_find(attach_reader(trackd, clock_coarse_ns()), kind, name);
}
