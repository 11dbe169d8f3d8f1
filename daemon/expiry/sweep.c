/* SPDX-License-Identifier: MIT */
/* The sweep. Each turn is short, so that deaths and sockets are served in between. */
#include "daemon/expiry/sweep.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include "tools/common/loop_source.h"
#include <errno.h>
#include <string.h>

enum {
	SLOTS_CHUNK = 8192, /* slots per turn, each with one or two cache misses */
	SLICES_CHUNK = 16,  /* each up to 64 chains */
	AHEAD = 8,          /* slots by which a line is prefetched */
	/* A pause lasts this many times the sweep before it, however often processes die. */
	REST_FACTOR = 10,
};
static const uint64_t RETRY_FIRST_NS = 50 * NS_PER_MS, RETRY_MOST_NS = 10 * NS_PER_S;

static void turn_on(sd_event_source *source)
{
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void wake_in(struct sweep *sweep, uint64_t ns)
{
	(void)loop_timer_set(sweep->timer, ns / 1000);
}

/* ---- One slot ----------------------------------------------------------- */

static void come_back(struct sweep *sweep, uint32_t slot, uint64_t stamp)
{
	if (sweep->n_busy == SWEEP_BUSY_MAX) {
		sweep->too_many_busy = true;
		return;
	}
	sweep->busy[sweep->n_busy].slot = slot;
	sweep->busy[sweep->n_busy++].stamp = stamp;
}

/* After a lock whose holder died, check the stripes too. */
static void found_orphan(struct sweep *sweep)
{
	sweep->repaired++;
	if (sweep->depth < SWEEP_STRIPES)
		sweep->depth = SWEEP_STRIPES;
}

/* Recover the record's lock if necessary. False: retry later. */
static bool look_at_lock(struct sweep *sweep, uint32_t slot)
{
	union layout_mutex *mutex = &sweep->board->bodies[slot].mutex;
	bool rescued = lock_rescue(mutex);
	int result = repair_lock(sweep->board, slot);

	if (result > 0 || rescued)
		found_orphan(sweep);
	return result >= 0;
}

/* Whether the record's body must be read to check its worker. Normally the hint decides, so that
 * other bodies are not touched. After a death the hint may be wrong until the lock has been
 * checked, so every body is read. */
static bool may_be_lost(const struct sweep *sweep, uint32_t slot)
{
	uint32_t hint = load_relaxed(&sweep->board->heads[slot].hint);

	return sweep->depth >= SWEEP_LOCKS || hint_state(hint) == TRACKD_ACTIVE ||
	       (hint_state(hint) == TRACKD_PENDING && hint_entry(hint) != 0);
}

static void look_at(struct sweep *sweep, uint32_t slot, uint64_t now)
{
	struct board *board = sweep->board;
	uint64_t stamp = load_acquire(&board->heads[slot].stamp);
	bool good = sweep->depth < SWEEP_LOCKS || look_at_lock(sweep, slot);

	if (stamp_state(stamp) != SLOT_LIVE) {
		int result = repair_slot(board, slot, LOCK_TRY);
		good = good && result >= 0;
		if (result > 0)
			found_orphan(sweep);
	} else {
		if (may_be_lost(sweep, slot))
			good = dead_workers_check(sweep->dead_workers, slot) >= 0 && good;
		reaper_look(sweep->reaper, slot, now);
	}
	if (!good)
		come_back(sweep, slot, stamp);
}

/* ---- The whole ---------------------------------------------------------- */

static void begin(struct sweep *sweep)
{
	sweep->depth = sweep->next;
	sweep->next = SWEEP_NONE;
	sweep->slot = 0;
	sweep->stripe = sweep->slice = 0;
	sweep->repaired = 0;
	sweep->n_busy = 0;
	sweep->too_many_busy = sweep->stripe_busy = false;
	sweep->started_ns = clock_monotonic_ns();
	/* If repair_due is set after this, the next sweep handles it. */
	if (sweep->depth >= SWEEP_LOCKS)
		repair_due_clear(sweep->board);
	turn_on(sweep->turn);
}

static void end(struct sweep *sweep)
{
	uint64_t now = clock_monotonic_ns();
	bool again = sweep->n_busy > 0 || sweep->too_many_busy || sweep->stripe_busy;

	if (sweep->repaired > 0)
		log_info("%lu repair%s of records, locks or counts after a death", sweep->repaired,
			 log_plural(sweep->repaired));
	sweep->not_before_ns = now + (now - sweep->started_ns) * REST_FACTOR;
	sweep->depth = SWEEP_NONE;
	reaper_arm(sweep->reaper);
	if (sweep->next != SWEEP_NONE)
		wake_in(sweep, sweep->not_before_ns - now);
	else if (again)
		wake_in(sweep, sweep->retry_ns);
}

static void some_slots(struct sweep *sweep)
{
	struct board *board = sweep->board;
	uint64_t now = clock_boot_ns();
	uint32_t slot = slot_next_used(board, sweep->slot);

	for (int i = 0; i < SLOTS_CHUNK && slot < board->capacity; i++) {
		if (sweep->depth >= SWEEP_LOCKS && board->capacity - slot > AHEAD)
			prefetch(&board->bodies[slot + AHEAD].mutex);
		look_at(sweep, slot, now);
		slot = slot_next_used(board, slot + 1);
	}
	sweep->slot = slot;
}

static void note_result(struct sweep *sweep, int result)
{
	if (result > 0)
		sweep->repaired++;
	else if (result < 0)
		sweep->stripe_busy = true;
}

/* Repair one slice of one stripe. All other stripes are next, so that a producer that waits for
 * this stripe gets it before its next slice. */
static void one_slice(struct sweep *sweep)
{
	struct board *board = sweep->board;
	uint32_t stripe = sweep->stripe;
	bool first = sweep->slice == 0;

	if (first) {
		(void)lock_rescue(&board->id_stripes[stripe].mutex);
		(void)lock_rescue(&board->owner_stripes[stripe].mutex);
		sweep->left_out[stripe] = false;
	}
	if (first && stripe == 0) {
		(void)lock_rescue(&board->kinds->mutex);
		note_result(sweep, repair_kinds(board, LOCK_TRY));
	}
	if (!sweep->left_out[stripe]) {
		int result = repair_slice(board, stripe, first, LOCK_TRY);
		sweep->left_out[stripe] = result < 0;
		note_result(sweep, result);
	}
	if (++sweep->stripe == LAYOUT_STRIPES) {
		sweep->stripe = 0;
		sweep->slice++;
	}
}

static bool stripes_left(const struct sweep *sweep)
{
	return sweep->depth >= SWEEP_STRIPES && sweep->slice < repair_slices(sweep->board);
}

/* Repair the slices of one turn. */
static void some_slices(struct sweep *sweep)
{
	for (int i = 0; i < SLICES_CHUNK && stripes_left(sweep); i++)
		one_slice(sweep);
}

/* Check only the slots that were busy last time: their holders may have died meanwhile. */
static void busy_slots(struct sweep *sweep)
{
	uint32_t n = sweep->n_busy;
	uint64_t now = clock_boot_ns();

	sweep->depth = SWEEP_LOCKS;
	sweep->repaired = 0;
	sweep->n_busy = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = sweep->busy[i].slot;
		uint64_t stamp = sweep->busy[i].stamp;
		/* If the stamp has changed, another process has used the record since, so it needs
		 * no repair. */
		if (load_acquire(&sweep->board->heads[slot].stamp) == stamp)
			look_at(sweep, slot, now);
	}
	if (sweep->depth == SWEEP_STRIPES)
		sweep->next = SWEEP_STRIPES;
	sweep->retry_ns *= 2;
	if (sweep->retry_ns > RETRY_MOST_NS)
		sweep->retry_ns = RETRY_MOST_NS;
	sweep->started_ns = clock_monotonic_ns();
	end(sweep);
}

static int on_turn(sd_event_source *source, void *data)
{
	struct sweep *sweep = data;

	if (sweep->slot < sweep->board->capacity)
		some_slots(sweep);
	else if (stripes_left(sweep))
		some_slices(sweep);
	if (sweep->slot < sweep->board->capacity || stripes_left(sweep))
		turn_on(source);
	else
		end(sweep);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct sweep *sweep = data;

	(void)source;
	(void)usec;
	if (sweep->depth != SWEEP_NONE)
		return 0;
	if (sweep->next == SWEEP_NONE && (sweep->too_many_busy || sweep->stripe_busy)) {
		sweep->next = sweep->stripe_busy ? SWEEP_STRIPES : SWEEP_LOCKS;
		sweep->retry_ns = RETRY_MOST_NS / 10;
	}
	if (sweep->next != SWEEP_NONE)
		begin(sweep);
	else
		busy_slots(sweep);
	return 0;
}

void sweep_ask(struct sweep *sweep, enum sweep_depth depth)
{
	uint64_t now = clock_monotonic_ns();

	if (depth > sweep->next)
		sweep->next = depth;
	if (sweep->depth != SWEEP_NONE)
		return;
	sweep->retry_ns = RETRY_FIRST_NS;
	if (now >= sweep->not_before_ns)
		begin(sweep);
	else
		wake_in(sweep, sweep->not_before_ns - now);
}

int sweep_init(struct sweep *sweep, sd_event *event, struct board *board, struct reaper *reaper,
	       struct dead_workers *dead_workers)
{
	int error;

	*sweep = (struct sweep){ .board = board,
				 .reaper = reaper,
				 .dead_workers = dead_workers,
				 .retry_ns = RETRY_FIRST_NS };
	/* Run after all event sources that a process may be waiting for. */
	error = loop_defer(event, &sweep->turn, SD_EVENT_PRIORITY_IDLE, on_turn, sweep);
	if (error >= 0)
		error = loop_timer(event, &sweep->timer, 1000, on_timer, sweep);
	if (error < 0)
		sweep_free(sweep);
	return error < 0 ? error : 0;
}

void sweep_free(struct sweep *sweep)
{
	sd_event_source_disable_unref(sweep->turn);
	sd_event_source_disable_unref(sweep->timer);
	sweep->turn = sweep->timer = NULL;
}
