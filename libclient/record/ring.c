/* SPDX-License-Identifier: MIT */
/*
 * Claiming a slot. All of this happens before the creator locks its own stripes. It never waits for
 * a particular record while another one would do.
 *
 * The header stores two facts, so that a create on a full board need not scan it each time: a lower
 * bound of all deadlines, and that no task can be evicted.
 */
#include "libclient/record/ring.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "libclient/signal/changes.h"
#include "libclient/signal/earliest.h"
#include "libclient/trackd.h"
#include <errno.h>

enum {
	WINDOW = 64,  /* final tasks that are compared */
	AT_ONCE = 64, /* expired tasks that one create removes */
	RACES = 16,   /* tries if other creators compete for the last slot */
};

static const uint32_t NONE = UINT32_MAX; /* no slot */

/* How long "no task can be evicted" is used, and after how long a locked expired record is tried
 * again. */
static const uint64_t BELIEVED_NS = NS_PER_S;
static const uint64_t LOOK_NS = 50 * NS_PER_MS;

/* ---- Free slots ---------------------------------------------------------- */

/* Claim one slot if it is FREE and not locked. On success its mutex is held. */
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
	/* Orders CLAIMED before the fill; pairs with fence_acquire() in view.c and index.c. */
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

/* The used bits of the spare slots, as one word. */
static inline uint64_t spare_bits(const struct board *board)
{
	static_assert(LAYOUT_SPARE == 64, "the spare slots' bits fill one word or span two");
	const uint64_t *map = &board->used_map[board->tasks_max / 64];
	uint32_t shift = board->tasks_max % 64;

	return shift == 0 ? load_relaxed(map)
			  : load_relaxed(map) >> shift | load_relaxed(map + 1) << (64 - shift);
}

/* Whether, with spare slots in use, `taking` regular slots can be taken while at least as many stay
 * free as tasks occupy spare slots. */
static __attribute__((noinline)) bool in_balance_with(const struct board *board, uint64_t spares,
						      uint32_t taking)
{
	uint32_t most = board->tasks_max, start = cursor_of(board);
	uint32_t wanted = (uint32_t)__builtin_popcountll(spares) + taking;

	/* If two creators take the last slots at once, each sets its bit before it counts, so at
	 * least one of them sees both bits. */
	fence_full();
	if (start > most)
		start = most;
	uint32_t n = map_count(board, start, most, false, wanted);
	if (n < wanted)
		n += map_count(board, 0, start, false, wanted - n);
	/* Only LIVE spare slots reserve a free slot: the task that a CLAIMED one will replace still
	 * occupies its own. */
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

/* Claim the slot that was just freed, without moving the cursor; otherwise another one. */
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

/* ---- Making room --------------------------------------------------------- */

struct search {
	struct board *board;
	uint32_t freed; /* a slot that was freed */
	uint32_t held;  /* a slot that could be freed but is locked */
	bool moving;    /* the board was being replaced, so nothing was removed */
};

/* Remove a task without waiting for a lock: other slots may do. */
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

/* Remove expired tasks, at most AT_ONCE, and find the earliest deadline of the others. Skip the
 * scan if the bound shows that no task has expired, unless held_too requests another try at tasks
 * that were locked. */
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
		/* The task has not expired, was just renewed, or is locked. A locked one is tried
		 * again later. */
		uint64_t next = load_relaxed(deadline);
		if (next <= now)
			next = now + BELIEVED_NS;
		first = next < first ? next : first;
	}
	if (n < AT_ONCE && !search->moving)
		earliest_search_end(board, number, first);
	return n > 0;
}

/* A final task and when it ended, on the board's clock; negative if before the boot. */
struct final {
	int64_t ended;
	struct trackd_ref ref;
};

/* Order by end time, then by slot. */
static bool ended_before(const struct final *a, const struct final *b)
{
	return a->ended != b->ended ? a->ended < b->ended : a->ref.slot < b->ref.slot;
}

/* Find the next final task that is at least *passed slots after the cursor. slot_remove() checks
 * the hint. */
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

/* The final tasks that are compared. */
struct window {
	uint32_t start, passed, end; /* the cursor; slots from it to the start and the end */
	uint32_t first;              /* slot of the first final task */
};

/* The first of them to have ended after `tried` (NULL: of all). */
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

/* Of the next WINDOW final tasks after the cursor, remove the one that ended first. If it is
 * locked, try the next one to have ended, then the next window. Each eviction moves the cursor past
 * one final task, so the window moves around the board and each task in it is compared with
 * many. */
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

/* Free a record that a dead creator or remover left, or clear the used bit of a FREE slot. */
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

/* ---- Nothing to evict ---------------------------------------------------- */

/* Whether a scan found nothing to evict, and no task has ended, expired or been removed since. The
 * result is used only for a while, because a process may die between a commit and its count. */
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

/* All candidates are locked: wait briefly for one of them before the next try. */
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
	/* The lock that is held may be a stripe's and not the record's. */
	(void)nanosleep(&pause, NULL);
	return 0;
}

/* Claim a slot on a full board. 1: another process took it, or the wait is over; try again. */
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
