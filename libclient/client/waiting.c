/* SPDX-License-Identifier: MIT */
/*
 * The public calls that wait and that follow events. A waiter sleeps on the board's tick, which the
 * daemon increments after transitions. Each sleep is limited, so a dead daemon only delays the
 * waiter.
 */
#include "libclient/client/client.h"
#include "libclient/index/index.h"
#include "libclient/public.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include <errno.h>

/* How long a waiter sleeps before it checks again by itself. The daemon wakes it for transitions,
 * but not for counters and messages. */
static const uint64_t NAP_TRANSITION_NS = 250 * NS_PER_MS;
static const uint64_t NAP_CHANGE_NS = 50 * NS_PER_MS;

/* The values that a waiter compares. */
struct snapshot {
	uint64_t revision, done;
	uint8_t state;
	int8_t stage;
	bool cancel;
};

static struct snapshot snapshot_of(const struct trackd_view *view)
{
	return (struct snapshot){ view->revision, view->done, view->state, view->stage,
				  (view->flags & TRACKD_CANCEL_REQUESTED) != 0 };
}

static int look_at(struct trackd *trackd, struct trackd_ref ref, struct snapshot *snapshot)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = trackd_get(trackd, ref, &view);

	if (error < 0)
		return error;
	*snapshot = snapshot_of(&view);
	return 0;
}

static bool has_happened(enum trackd_wait_for what, const struct snapshot *since,
			 const struct snapshot *now)
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
	static const int64_t century_ms = INT64_C(100) * 366 * 86400 * 1000;

	return timeout_ms < 0 || timeout_ms > century_ms
		       ? UINT64_MAX
		       : clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
}

/* Sleep until the daemon wakes this waiter, for at most `nap`. -ETIMEDOUT only if the deadline has
 * passed. */
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
	struct snapshot before, now;
	int error = look_at(trackd, ref, &before);

	if (error < 0)
		return error;
	if (since)
		before = snapshot_of(since);
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

PUBLIC int trackd_wait_id(struct trackd *trackd, const char *id, int64_t timeout_ms,
			  struct trackd_ref *ret_ref)
{
	uint64_t deadline = wait_deadline(timeout_ms);

	for (;;) {
		const struct board *board = attach_reader(trackd, clock_coarse_ns());
		uint32_t tick = event_tick(board);
		int error = trackd_lookup(trackd, id, ret_ref);

		if (error != TRACKD_E_NOT_FOUND)
			return error;
		error = nap_once(board, tick, NAP_TRANSITION_NS, deadline);
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
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	uint64_t head = event_head(board);

	*ret_cursor = event_cursor(board, sequence < head ? sequence : head);
}

PUBLIC int trackd_next_event(struct trackd *trackd, struct trackd_cursor *cursor,
			     struct trackd_event *ret_event)
{
	const struct board *board = attach_reader(trackd, clock_coarse_ns());
	struct trackd_cursor before = *cursor;

	if (ret_event->size < sizeof *ret_event)
		return TRACKD_E_SIZE;
	int found = event_next(board, cursor, ret_event);

	/* The events of a replaced board may be gone; its successor has them. */
	while ((found != 1 || cursor->lost != before.lost) && attach_reader_again(trackd, &board)) {
		*cursor = before;
		found = event_next(board, cursor, ret_event);
	}
	if (found == 1)
		ret_event->ref = ref_out(board, ret_event->ref);
	return found;
}

PUBLIC int trackd_wait_event(struct trackd *trackd, const struct trackd_cursor *cursor,
			     int64_t timeout_ms)
{
	uint64_t deadline = wait_deadline(timeout_ms);

	for (;;) {
		const struct board *board = attach_reader(trackd, clock_coarse_ns());
		uint32_t tick = event_tick(board);
		uint64_t head = event_head(board);

		/* Ignore an incomplete entry unless others follow it. */
		if (cursor->lineage != board->hash_seed || cursor->next > head ||
		    head - cursor->next > 1 ||
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
	int woken = link_dispatch(trackd);

	/* The wake-up may mean that the board was replaced: switch, so that an idle client releases
	 * the old board. */
	(void)attach_reader(trackd, clock_coarse_ns());
	return woken;
}
