/* SPDX-License-Identifier: MIT */
/*
 * Claiming. All of it happens before the creator takes a stripe of its own, and none of it waits
 * for a particular record while another would do.
 *
 * Two things are remembered in the header, so that a full board is not scanned for every create: a
 * lower bound of all deadlines, and that nothing can be given up.
 */
#include "libclient/record/ring.h"
#include "libclient/record/changes.h"
#include "libclient/record/earliest.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/trackd.h"
#include <errno.h>

enum {
	WINDOW = 64,  /* final tasks that are compared */
	AT_ONCE = 64, /* expired tasks that one create removes */
	RACES = 16,   /* tries for the last slot against others */
};

static const uint32_t NONE = UINT32_MAX; /* no slot */

/* How long "nothing can be given up" is believed, and an expired record that is held passed over. */
static const uint64_t BELIEVED_NS = NS_PER_S;
static const uint64_t LOOK_NS = 50 * NS_PER_MS;

/* ---- Free slots ---------------------------------------------------------- */

/* Claim one slot, if it is FREE and not locked. On success its mutex is held. */
static bool try_claim(struct board *board, uint32_t slot, uint32_t *ret_generation)
{
	struct layout_head *head = &board->heads[slot];
	uint64_t stamp = load_relaxed(&head->stamp);

	if (stamp_state(stamp) != SLOT_FREE || slot_lock(board, slot, LOCK_TRY) < 0)
		return false;
	map_set(board, slot);
	stamp = load_acquire(&head->stamp);
	uint32_t generation = stamp_generation(stamp);
	if (stamp_state(stamp) != SLOT_FREE ||
	    !cas_acq_rel(&head->stamp, &stamp, stamp_make(generation, 0, SLOT_CLAIMED))) {
		slot_unlock(board, slot);
		return false;
	}
	/* CLAIMED must be seen before anything that is filled in; pairs with fence_acquire() in
	 * view.c and index.c. */
	fence_release();
	*ret_generation = generation;
	return true;
}

static bool claim_in(struct board *board, uint32_t from, uint32_t to, uint32_t *ret_slot,
		     uint32_t *ret_generation)
{
	for (uint32_t slot = map_find(board, from, to, false); slot < to;
	     slot = map_find(board, slot + 1, to, false)) {
		if (!try_claim(board, slot, ret_generation))
			continue;
		*ret_slot = slot;
		return true;
	}
	return false;
}

static uint32_t cursor_of(const struct board *board)
{
	return (uint32_t)(load_relaxed(&board->header->cursor) % board->capacity);
}

static uint32_t live_spares(const struct board *board)
{
	uint32_t n = 0;

	for (uint32_t slot = board->tasks_max; slot < board->capacity; slot++)
		n += stamp_state(load_acquire(&board->heads[slot].stamp)) == SLOT_LIVE;
	return n;
}

/* The bits of the spare slots: as many as there are in a word. */
static inline uint64_t spare_bits(const struct board *board)
{
	static_assert(LAYOUT_SPARE == 64, "the spare slots' bits are a word, perhaps over two");
	const uint64_t *map = &board->used_map[board->tasks_max / 64];
	uint32_t shift = board->tasks_max % 64;

	return shift == 0 ? load_relaxed(map)
			  : load_relaxed(map) >> shift | load_relaxed(map + 1) << (64 - shift);
}

/* Whether, with spare slots in use, so many slots of the capacity can be taken and those that tasks
 * in spare slots leave free still stay free. */
static __attribute__((noinline)) bool in_balance_with(const struct board *board, uint64_t spares,
						      uint32_t taking)
{
	uint32_t most = board->tasks_max, start = cursor_of(board);
	uint32_t wanted = (uint32_t)__builtin_popcountll(spares) + taking;

	/* Of two creators that take the last slots at once, each has set its bit before it counts,
	 * so one at least sees both. */
	fence_full();
	if (start > most)
		start = most;
	uint32_t n = map_count(board, start, most, false, wanted);
	if (n < wanted)
		n += map_count(board, 0, start, false, wanted - n);
	/* A CLAIMED spare slot leaves none free: the task that it replaces still has its own. */
	return n >= wanted || n >= live_spares(board) + taking;
}

static inline bool in_balance(const struct board *board, uint32_t taking)
{
	uint64_t spares = spare_bits(board);

	return __builtin_expect(spares == 0, 1) || in_balance_with(board, spares, taking);
}

bool ring_claim_free(struct board *board, uint32_t *ret_slot, uint32_t *ret_generation)
{
	uint32_t most = board->tasks_max;

	for (int tries = 0; tries < RACES && in_balance(board, 1); tries++) {
		uint32_t start = cursor_of(board);

		if (!claim_in(board, start, most, ret_slot, ret_generation) &&
		    !claim_in(board, 0, start < most ? start : most, ret_slot, ret_generation))
			return false;
		if (in_balance(board, 0)) {
			store_relaxed(&board->header->cursor, *ret_slot + 1);
			return true;
		}
		ring_unclaim(board, *ret_slot, *ret_generation);
	}
	return false;
}

/* Claim the slot that has just come free, without moving the cursor; else another. */
static bool claim_freed(struct board *board, uint32_t slot, uint32_t *ret_slot,
			uint32_t *ret_generation)
{
	if (slot >= board->tasks_max || !try_claim(board, slot, ret_generation))
		return ring_claim_free(board, ret_slot, ret_generation);
	*ret_slot = slot;
	if (in_balance(board, 0))
		return true;
	ring_unclaim(board, slot, *ret_generation);
	return false;
}

/* ---- Giving up ----------------------------------------------------------- */

struct search {
	struct board *board;
	uint32_t freed; /* a slot that came free */
	uint32_t held;  /* one that would have, but it is locked */
	bool moving;    /* the board was being replaced, so nothing could go */
};

/* No lock is waited for: other slots may do. */
static bool give_up(struct search *search, struct trackd_ref ref, enum slot_remove_why why)
{
	int error = slot_remove(search->board, ref, why, LOCK_TRY);

	if (error == 0)
		search->freed = ref.slot;
	else if (error == -EBUSY)
		search->held = ref.slot;
	else if (error == TRACKD_E_MOVING)
		search->moving = true;
	return error == 0;
}

static bool is_live_at(const struct board *board, uint32_t slot, struct trackd_ref *ret_ref)
{
	uint64_t stamp = load_acquire(&board->heads[slot].stamp);

	*ret_ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
	return stamp_state(stamp) == SLOT_LIVE;
}

/* Remove all that have expired, AT_ONCE at most, and learn when the next one does. If that is known
 * nothing is scanned, unless the caller wants those that were held. */
static bool reclaim_expired(struct search *search, bool held_too)
{
	struct board *board = search->board;
	uint64_t now = clock_boot_ns(), first = UINT64_MAX;
	unsigned n = 0;

	if (!held_too && earliest_none_expired(board, now))
		return false;
	uint64_t number = earliest_search_begin(board);
	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity && n < AT_ONCE;
	     slot = slot_next_used(board, slot + 1)) {
		const uint64_t *deadline = &board->heads[slot].deadline;
		struct trackd_ref ref;

		if (!is_live_at(board, slot, &ref))
			continue;
		if (now >= load_relaxed(deadline) && give_up(search, ref, SLOT_REMOVE_EXPIRED)) {
			n++;
			continue;
		}
		/* Not expired, or renewed in this moment, or held: then it is looked at later. */
		uint64_t next = load_relaxed(deadline);
		if (next <= now)
			next = now + BELIEVED_NS;
		first = next < first ? next : first;
	}
	if (n < AT_ONCE && !search->moving)
		earliest_search_end(board, number, first);
	return n > 0;
}

/* A final task, and when it ended on the board's clock: before 0 for what ended before the boot. */
struct final {
	int64_t ended;
	struct trackd_ref ref;
};

/* By the end, then by the slot. */
static bool ended_before(const struct final *a, const struct final *b)
{
	return a->ended != b->ended ? a->ended < b->ended : a->ref.slot < b->ref.slot;
}

/* The next final task, *passed slots behind the cursor or further. The remover checks whether
 * the hint is true. */
static bool next_final(const struct board *board, uint32_t start, uint32_t *passed,
		       struct final *ret_final)
{
	while (*passed < board->capacity) {
		uint32_t slot = start + (*passed)++;

		if (slot >= board->capacity)
			slot -= board->capacity;
		const struct layout_head *head = &board->heads[slot];
		uint64_t stamp = load_acquire(&head->stamp);
		if (stamp_state(stamp) != SLOT_LIVE ||
		    hint_state(load_relaxed(&head->hint)) < TRACKD_COMPLETED)
			continue;
		const struct layout_body *body = &board->bodies[slot];
		ret_final->ended =
			(int64_t)load_relaxed(&body->copy[stamp_version(stamp) & 1].updated);
		ret_final->ref = (struct trackd_ref){ slot, stamp_generation(stamp) };
		return true;
	}
	return false;
}

/* The next final tasks that are compared. */
struct window {
	uint32_t start, passed, end; /* the cursor; slots between it and this window; behind it */
	uint32_t first;              /* slot of the first of them */
};

/* The one of them that ended first, but after `tried` (NULL: any). */
static bool window_first_ended(struct window *window, const struct board *board,
			       const struct final *tried, struct final *ret_best)
{
	struct final best = { 0 }, next;
	bool found = false;

	window->end = window->passed;
	for (unsigned n = 0; n < WINDOW && next_final(board, window->start, &window->end, &next);
	     n++) {
		if (n == 0)
			window->first = next.ref.slot;
		if ((tried && !ended_before(tried, &next)) ||
		    (found && !ended_before(&next, &best)))
			continue;
		best = next;
		found = true;
	}
	*ret_best = best;
	return found;
}

/* Of the next WINDOW final tasks after the cursor, remove the one that ended first; else the next
 * one, else one of the next window. The cursor passes one final task each time, so that the window
 * goes round the board, and every task in it is compared with many. */
static bool evict(struct search *search)
{
	struct board *board = search->board;
	struct window window = { .start = cursor_of(board) };

	while (window.passed < board->capacity) {
		struct final tried, best;
		bool found = window_first_ended(&window, board, NULL, &best);

		while (found && !give_up(search, best.ref, SLOT_REMOVE_EVICTED)) {
			tried = best;
			found = window_first_ended(&window, board, &tried, &best);
		}
		if (found) {
			store_relaxed(&board->header->cursor, window.first + 1);
			return true;
		}
		window.passed = window.end;
	}
	return false;
}

/* What a maker or remover left that died, or a FREE slot with its bit still set. */
static bool reclaim_leftover(struct search *search)
{
	struct board *board = search->board;
	struct trackd_ref ref;

	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		if (is_live_at(board, slot, &ref) || repair_slot(board, slot, LOCK_TRY) != 1)
			continue;
		search->freed = slot;
		return true;
	}
	return false;
}

/* ---- Nothing to give up -------------------------------------------------- */

/* Whether a scan has found nothing to give up, and nothing has ended, gone or expired since. Who
 * dies between a commit and its count is not counted: so it is believed for a while only. */
static bool known_full(const struct board *board)
{
	const struct layout_header *header = board->header;
	uint64_t since = load_acquire(&header->full_ns);

	if (__builtin_expect(since == 0, 1))
		return false;
	uint64_t now = clock_boot_ns();
	return now - since < BELIEVED_NS && earliest_none_expired(board, now) &&
	       load_relaxed(&header->full_changes) == changes_sum(board);
}

static void note_full(struct board *board, uint64_t changes)
{
	store_relaxed(&board->header->full_changes, changes);
	store_release(&board->header->full_ns, clock_boot_ns());
}

static void note_room(struct board *board)
{
	if (__builtin_expect(load_relaxed(&board->header->full_ns) != 0, 0))
		store_relaxed(&board->header->full_ns, 0);
}

/* ---- Claiming ------------------------------------------------------------ */

/* Every candidate is locked: wait for one of them, a little, before all are
 * tried again. */
static int wait_a_little(struct board *board, uint32_t slot, uint64_t deadline)
{
	static const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };
	uint64_t now = clock_monotonic_ns();

	if (deadline == LOCK_TRY)
		return -EBUSY;
	if (now >= deadline) {
		add_relaxed(&board->header->counters.busy, 1);
		return TRACKD_E_BUSY;
	}
	if (slot != NONE) {
		uint64_t until = now + LOOK_NS < deadline ? now + LOOK_NS : deadline;
		int error = lock_take(&board->bodies[slot].mutex, until);

		if (error >= 0) {
			(void)slot_locked(board, slot, error);
			slot_unlock(board, slot);
		}
	}
	/* It may be a stripe that is held, and not the record. */
	(void)nanosleep(&pause, NULL);
	return 0;
}

/* On a full board. 1: another process was faster, or the wait is over: try again. */
static int claim_by_force(struct board *board, uint64_t deadline, uint32_t *ret_slot,
			  uint32_t *ret_generation)
{
	struct search search = { board, NONE, NONE, false };
	uint64_t changes = changes_sum(board);

	if (reclaim_expired(&search, false) || evict(&search) || reclaim_leftover(&search) ||
	    reclaim_expired(&search, true)) {
		if (claim_freed(board, search.freed, ret_slot, ret_generation))
			return 0;
		return deadline != LOCK_TRY && clock_monotonic_ns() >= deadline ? TRACKD_E_BUSY : 1;
	}
	if (ring_claim_free(board, ret_slot, ret_generation))
		return 0;
	if (search.moving || board_closed(board) != LAYOUT_OPEN)
		return TRACKD_E_MOVING;
	if (search.held == NONE) {
		note_full(board, changes);
		return TRACKD_E_FULL;
	}
	int error = wait_a_little(board, search.held, deadline);
	return error < 0 ? error : 1;
}

int ring_claim(struct board *board, uint64_t deadline, uint32_t *ret_slot, uint32_t *ret_generation)
{
	int again = 1;

	if (known_full(board))
		return TRACKD_E_FULL;
	while (again > 0)
		again = ring_claim_free(board, ret_slot, ret_generation)
				? 0
				: claim_by_force(board, deadline, ret_slot, ret_generation);
	if (again == 0)
		note_room(board);
	return again;
}

int ring_claim_replacing(struct board *board, uint64_t deadline, uint32_t *ret_slot,
			 uint32_t *ret_generation)
{
	struct search search = { board, NONE, NONE, false };
	int error = 0;

	while (error == 0) {
		if (ring_claim_free(board, ret_slot, ret_generation) ||
		    claim_in(board, 0, board->capacity, ret_slot, ret_generation))
			return 0;
		if (!reclaim_leftover(&search))
			error = wait_a_little(board, NONE, deadline);
	}
	return error;
}

void ring_unclaim(struct board *board, uint32_t slot, uint32_t generation)
{
	slot_release(board, slot, generation + 1);
	slot_unlock(board, slot);
	changes_add(board);
}
