/* SPDX-License-Identifier: MIT */
/*
 * The public calls: check what the caller gave, take the board, call the module. trackd.h says what
 * each does.
 */
#include "trackd.h"
#include "atomic.h"
#include "client.h"
#include "event.h"
#include "index.h"
#include "kind.h"
#include "map.h"
#include "record.h"
#include "slot.h"
#include "tenant.h"
#include "text.h"
#include "view.h"
#include "worker.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

enum { TIMEOUT_DEFAULT_MS = 2000 };

/* How long a waiter sleeps before it looks again by itself: transitions are rung for, counters and
 * messages are not. */
static const uint64_t NAP_TRANSITION_NS = 250 * NS_PER_MS;
static const uint64_t NAP_CHANGE_NS = 50 * NS_PER_MS;

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
	if (task->kind < 0 || (uint32_t)task->kind >= load_acquire(&board->kinds->n))
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
		.kind = (uint32_t)task->kind,
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

PUBLIC int trackd_advance(struct trackd *trackd, struct trackd_ref ref, uint64_t units)
{
	struct mapping *mapping = attach_ready(trackd);

	if (__builtin_expect(mapping != NULL, 1))
		return record_advance(&mapping->board, ref, units);
	int error = attach_again(trackd, &mapping);
	return error < 0 ? error : record_advance_slowly(&mapping->board, ref, units);
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

/* ---- Waiting ------------------------------------------------------------- */

/* What a waiter compares. */
struct sight {
	uint64_t revision, done;
	uint8_t state;
	int8_t stage;
	bool cancel;
};

static struct sight sight_of(const struct trackd_view *view)
{
	return (struct sight){ view->revision, view->done, view->state, view->stage,
			       (view->flags & TRACKD_CANCEL_REQUESTED) != 0 };
}

static int look_at(struct trackd *trackd, struct trackd_ref ref, struct sight *sight)
{
	struct trackd_view view;
	int error = trackd_get(trackd, ref, &view);

	if (error < 0)
		return error;
	*sight = sight_of(&view);
	return 0;
}

static bool has_happened(enum trackd_wait_for what, const struct sight *since,
			 const struct sight *now)
{
	switch (what) {
	case TRACKD_WAIT_FINAL:
		return trackd_state_final((enum trackd_state)now->state);
	case TRACKD_WAIT_TRANSITION:
		return now->state != since->state || now->stage != since->stage ||
		       now->cancel != since->cancel;
	case TRACKD_WAIT_CHANGE:
		return now->revision != since->revision || now->done != since->done;
	}
	return false;
}

static uint64_t wait_deadline(int64_t timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX
			      : clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
}

/* One nap, until the daemon rings or `nap` is over. -ETIMEDOUT only when the whole wait is. */
static int nap_once(const struct board *board, uint32_t tick, uint64_t nap, uint64_t deadline)
{
	uint64_t now = clock_monotonic_ns();

	if (now >= deadline)
		return -ETIMEDOUT;
	int error = event_sleep(board, tick, nap < deadline - now ? nap : deadline - now);
	return error == -EINTR ? error : 0;
}

PUBLIC int trackd_wait(struct trackd *trackd, struct trackd_ref ref, enum trackd_wait_for what,
		       const struct trackd_view *since, int64_t timeout_ms)
{
	uint64_t nap = what == TRACKD_WAIT_CHANGE ? NAP_CHANGE_NS : NAP_TRANSITION_NS;
	uint64_t deadline = wait_deadline(timeout_ms);
	struct sight before, now;
	int error = look_at(trackd, ref, &before);

	if (error < 0)
		return error;
	if (since)
		before = sight_of(since);
	for (;;) {
		const struct board *board = attach_reader(trackd, clock_coarse_ns());
		uint32_t tick = event_tick(board);

		error = look_at(trackd, ref, &now);
		if (error < 0 || has_happened(what, &before, &now))
			return error;
		error = nap_once(board, tick, nap, deadline);
		if (error < 0)
			return error;
	}
}

PUBLIC void trackd_cursor_now(struct trackd *trackd, struct trackd_cursor *ret_cursor)
{
	trackd_cursor_at(trackd, UINT64_MAX, ret_cursor);
}

PUBLIC void trackd_cursor_at(struct trackd *trackd, uint64_t sequence,
			     struct trackd_cursor *ret_cursor)
{
	uint64_t head = event_head(attach_reader(trackd, clock_coarse_ns()));

	*ret_cursor = (struct trackd_cursor){ .next = sequence < head ? sequence : head };
}

PUBLIC int trackd_next_event(struct trackd *trackd, struct trackd_cursor *cursor,
			     struct trackd_event *ret_event)
{
	return event_next(attach_reader(trackd, clock_coarse_ns()), cursor, ret_event);
}

PUBLIC int trackd_wait_event(struct trackd *trackd, const struct trackd_cursor *cursor,
			     int64_t timeout_ms)
{
	uint64_t deadline = wait_deadline(timeout_ms);

	for (;;) {
		const struct board *board = attach_reader(trackd, clock_coarse_ns());
		uint32_t tick = event_tick(board);
		uint64_t head = event_head(board);

		/* An entry that is being written is none yet, unless others follow it. */
		if (cursor->next > head || head - cursor->next > 1 ||
		    (cursor->next < head && event_whole(board, cursor->next)))
			return 0;
		int error = nap_once(board, tick, NAP_TRANSITION_NS, deadline);
		if (error < 0)
			return error;
	}
}

PUBLIC uint64_t trackd_owner_hash(struct trackd *trackd, const char *owner)
{
	return index_owner_hash(attach_reader(trackd, clock_coarse_ns()), owner);
}

PUBLIC int trackd_fd(struct trackd *trackd)
{
	return link_descriptor(trackd);
}

PUBLIC int trackd_dispatch(struct trackd *trackd)
{
	return link_dispatch(trackd);
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

/* ---- Statistics ---------------------------------------------------------- */

static void count_states(const struct board *board, struct trackd_stats *stats)
{
	uint64_t now = board_coarse_ns(board);
	uint32_t by_state[TRACKD_CANCELLED + 1] = { 0 };

	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		const struct layout_head *head = &board->heads[slot];
		uint8_t state = hint_state(load_relaxed(&head->hint));

		if (stamp_state(load_acquire(&head->stamp)) != SLOT_LIVE ||
		    now >= load_relaxed(&head->deadline))
			continue;
		stats->used++;
		if (state <= TRACKD_CANCELLED)
			by_state[state]++;
	}
	stats->pending = by_state[TRACKD_PENDING];
	stats->active = by_state[TRACKD_ACTIVE];
	stats->completed = by_state[TRACKD_COMPLETED];
	stats->failed = by_state[TRACKD_FAILED];
	stats->cancelled = by_state[TRACKD_CANCELLED];
}

static void copy_counters(const struct layout_counters *from, struct trackd_stats *to)
{
	to->n_created = load_relaxed(&from->created);
	to->n_completed = load_relaxed(&from->completed);
	to->n_failed = load_relaxed(&from->failed);
	to->n_cancelled = load_relaxed(&from->cancelled);
	to->n_removed = load_relaxed(&from->removed);
	to->n_expired = load_relaxed(&from->expired);
	to->n_evicted = load_relaxed(&from->evicted);
	to->n_worker_lost = load_relaxed(&from->worker_lost);
	to->n_repaired = load_relaxed(&from->repaired);
	to->n_locks_recovered = load_relaxed(&from->locks_recovered);
	to->n_refused_full = load_relaxed(&from->refused_full);
	to->n_refused_exists = load_relaxed(&from->refused_exists);
	to->n_refused_final = load_relaxed(&from->refused_final);
	to->n_busy = load_relaxed(&from->busy);
	to->n_events_lost = load_relaxed(&from->events_lost);
	to->n_lapped = load_relaxed(&from->lapped);
	to->n_attach_refused = load_relaxed(&from->attach_refused);
}

static void copy_header(const struct board *board, struct trackd_stats *stats)
{
	const struct layout_header *header = board->header;
	uint64_t wall = (uint64_t)load_relaxed(&header->wall_offset_ns);
	uint64_t start = load_relaxed(&header->daemon_start_ns);

	memcpy(stats->board_id, header->board_id, sizeof stats->board_id);
	stats->capacity = board->capacity;
	stats->bytes = board->size;
	stats->ttl_ms = load_relaxed(&header->ttl_ms);
	stats->active_ttl_ms = load_relaxed(&header->active_ttl_ms);
	stats->daemon_pid = load_relaxed(&header->daemon_pid);
	stats->daemon_epoch = load_relaxed(&header->daemon_epoch);
	stats->daemon_start_ns = start ? start + wall : 0;
	stats->snapshot_ns = (uint64_t)load_relaxed(&header->snapshot_wall_ns);
	stats->events = event_head(board);
}

PUBLIC int trackd_stats(struct trackd *trackd, struct trackd_stats *ret_stats)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	struct trackd_stats stats = { .size = ret_stats->size };
	struct worker_info worker;

	if (ret_stats->size < offsetof(struct trackd_stats, capacity))
		return -EINVAL;
	memcpy(stats.board, trackd->place.board, sizeof stats.board);
	copy_header(board, &stats);
	copy_counters(&board->header->counters, &stats);
	count_states(board, &stats);
	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++)
		stats.clients += worker_read(board, i, &worker);
	memcpy(ret_stats, &stats, stats.size < sizeof stats ? stats.size : sizeof stats);
	return 0;
}
