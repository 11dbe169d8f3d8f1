/* SPDX-License-Identifier: MIT */
/* A full board: who gives way, who is not waited for, and what a refusal costs. */
#include "libclient/record/index.h"
#include "libclient/record/mend.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/map.h"
#include "tests/harness/harness.h"
#include "tests/harness/stepped.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CAPACITY = 16, WORKER = 7 };

static struct board board;
static struct trackd_ref refs[CAPACITY];

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, CAPACITY);
	/* The same stripes each time: a creator must not need the one that a test holds. */
	board.hash_seed = board.header->hash_seed = 42;
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	harness_board_free(&board);
	return 0;
}

static uint64_t soon(void)
{
	return harness_soon();
}

static bool is_live(struct trackd_ref ref)
{
	return stamp_is_live(board.heads[ref.slot].stamp, ref.generation);
}

static int create_by(const struct tenant_new *task, uint64_t deadline, struct trackd_ref *ret_ref)
{
	return tenant_create(&board, task, deadline, ret_ref);
}

/* A new task, without waiting for anybody. */
static int create(const char *id, struct trackd_ref *ret_ref)
{
	struct tenant_new task = { .id = id, .owner = "", .name = "", .message = "" };

	return create_by(&task, LOCK_TRY, ret_ref);
}

static int replace(const char *id, const char *owner, struct trackd_ref *ret_ref)
{
	struct tenant_new task = {
		.id = id, .owner = owner, .name = "", .message = "", .replace = true
	};

	return create_by(&task, LOCK_TRY, ret_ref);
}

static struct trackd_ref create_for(const char *id, uint32_t ttl_ms, uint32_t active_ttl_ms)
{
	struct tenant_new task = { .id = id,
				   .owner = "",
				   .name = "",
				   .message = "",
				   .ttl_ms = ttl_ms,
				   .active_ttl_ms = active_ttl_ms };
	struct trackd_ref ref;

	HARNESS_MUST(create_by(&task, soon(), &ref));
	return ref;
}

static void complete(struct trackd_ref ref)
{
	const struct record_end end = { .state = TRACKD_COMPLETED, .message = "m" };

	HARNESS_MUST(record_end(&board, ref, &end, soon()));
}

static void take_away(struct trackd_ref ref)
{
	HARNESS_MUST(slot_remove(&board, ref, SLOT_REMOVE_ASKED, soon()));
}

static void fill(void)
{
	char id[16];

	for (int i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = harness_create(&board, id, "");
	}
}

static uint32_t n_live(void)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < board.capacity; slot++)
		n += stamp_state(board.heads[slot].stamp) == SLOT_LIVE;
	return n;
}

static void wait_past(struct trackd_ref ref)
{
	HARNESS_WAIT(clock_boot_ns() >= load_relaxed(&board.heads[ref.slot].deadline), 5000);
}

/* ---- Who is passed over -------------------------------------------------- */

/* A process that stands still while it holds this mutex. */
static pid_t hold(union layout_mutex *mutex)
{
	uint32_t *held = &board.header->reserved8[0];

	store_release(held, 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		(void)lock_take(mutex, soon());
		store_release(held, 1);
		for (;;)
			pause();
	}
	HARNESS_WAIT(load_acquire(held) == 1, 5000);
	harness_stop(pid);
	return pid;
}

static void a_victim_that_is_held_is_passed_over(void **state)
{
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill();
	complete(refs[9]);
	complete(refs[4]);
	complete(refs[12]);
	pid_t pid = hold(&board.bodies[refs[9].slot].mutex);
	assert_int_equal(create("more-1", &more), 0);
	assert_true(is_live(refs[9]) && is_live(refs[12]));
	assert_false(is_live(refs[4]));
	assert_int_equal(create("more-2", &more), 0);
	assert_false(is_live(refs[12]));
	/* Only when none is left that could be had. */
	assert_int_equal(create("more-3", &more), -EBUSY);
	struct tenant_new task = { .id = "more-3", .owner = "", .name = "", .message = "" };
	assert_int_equal(create_by(&task, harness_deadline(60), &more), TRACKD_E_BUSY);
	assert_int_equal(board.header->counters.busy, 1);
	assert_int_equal(board.header->counters.refused_full, 0);
	assert_true(is_live(refs[9]));
	harness_kill(pid, SIGKILL);
	assert_int_equal(create("more-3", &more), 0);
	assert_false(is_live(refs[9]));
	assert_int_equal(create("more-4", &more), TRACKD_E_FULL);
}

static void a_victim_whose_stripe_is_held_is_passed_over(void **state)
{
	struct layout_head *heads = board.heads;
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill();
	complete(refs[9]);
	complete(refs[4]);
	pid_t pid = hold(&slot_stripes_of(&board, heads[refs[9].slot].id_hash, 0).id->mutex);
	assert_int_equal(create("more-1", &more), 0);
	assert_true(is_live(refs[9]));
	assert_false(is_live(refs[4]));
	harness_kill(pid, SIGKILL);
	assert_int_equal(create("more-2", &more), 0);
	assert_false(is_live(refs[9]));
}

static void an_expired_victim_that_is_held_is_passed_over(void **state)
{
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill();
	take_away(refs[9]);
	refs[9] = create_for("short", 1, 0);
	complete(refs[4]);
	pid_t pid = hold(&board.bodies[refs[9].slot].mutex);
	wait_past(refs[9]);
	assert_int_equal(create("more-1", &more), 0);
	assert_true(is_live(refs[9]));
	assert_false(is_live(refs[4]));
	assert_int_equal(create("more-2", &more), -EBUSY);
	harness_kill(pid, SIGKILL);
	/* It is looked at again after a second. */
	HARNESS_WAIT(create("more-2", &more) == 0, 5000);
	assert_false(is_live(refs[9]));
}

/* Whoever makes a task stands still: what others left is repaired all the same. */
static void what_is_held_does_not_keep_the_rest_from_repair(void **state)
{
	uint32_t slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	pid_t dead = 0, pid = harness_fork();
	if (pid == 0) {
		if (ring_claim(&board, soon(), &slot, &generation) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	HARNESS_WAIT(stamp_state(load_acquire(&board.heads[0].stamp)) == SLOT_CLAIMED, 5000);
	harness_stop(pid);
	dead = harness_fork();
	if (dead == 0)
		_exit(ring_claim(&board, soon(), &slot, &generation) == 0 ? 0 : 1);
	assert_int_equal(harness_reap(dead), 0);
	assert_int_equal(stamp_state(board.heads[1].stamp), SLOT_CLAIMED);
	board.id_stripes[200].count = 3;
	assert_int_equal(repair_all(&board, LOCK_TRY), -EBUSY);
	assert_int_equal(stamp_state(board.heads[0].stamp), SLOT_CLAIMED);
	assert_int_equal(stamp_state(board.heads[1].stamp), SLOT_FREE);
	assert_int_equal(board.id_stripes[200].count, 0);
	harness_kill(pid, SIGKILL);
	assert_true(repair_all(&board, soon()) > 0);
	assert_int_equal(n_live(), 0);
}

/* ---- Expired first, exactly ---------------------------------------------- */

/* A full board that knows when the first of its tasks expires, and one final task on it. The task
 * that expires must go before it. */
static void goes_before_the_final_one(struct trackd_ref expiring)
{
	struct trackd_ref more;

	wait_past(expiring);
	assert_int_equal(create("more-1", &more), 0);
	assert_false(is_live(expiring));
	assert_true(is_live(refs[2]));
	assert_int_equal(board.header->counters.expired, 1);
	assert_int_equal(create("more-2", &more), 0);
	assert_false(is_live(refs[2]));
}

static void learn_the_first_deadline(void)
{
	struct trackd_ref more;

	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	assert_true((board.header->earliest & ~UINT64_C(0xffff)) > clock_boot_ns());
	assert_int_equal(board.header->earliest & 1, 0);
}

static void a_task_that_was_made_to_expire_soon_goes_first(void **state)
{
	(void)state;
	fill();
	learn_the_first_deadline();
	take_away(refs[9]);
	struct trackd_ref expiring = create_for("short", 20, 0);
	complete(refs[2]);
	goes_before_the_final_one(expiring);
}

static void a_task_that_ended_to_expire_soon_goes_first(void **state)
{
	(void)state;
	fill();
	take_away(refs[9]);
	struct trackd_ref expiring = create_for("short", 20, TRACKD_TTL_NEVER);
	HARNESS_MUST(record_update(&board, expiring, 0, NULL, WORKER, soon()));
	learn_the_first_deadline();
	complete(refs[2]); /* ended earlier */
	complete(expiring);
	goes_before_the_final_one(expiring);
}

static void a_task_that_was_mended_to_expire_soon_goes_first(void **state)
{
	(void)state;
	fill();
	take_away(refs[9]);
	struct trackd_ref expiring = create_for("short", 20, 0);
	board.heads[expiring.slot].deadline = UINT64_MAX; /* its writer died before the store */
	board.header->earliest = 0;
	learn_the_first_deadline();
	complete(refs[2]);
	mend_record(&board, expiring.slot);
	goes_before_the_final_one(expiring);
}

/* Tasks that expire one by one do not cost a scan each. */
static void all_that_have_expired_are_removed_at_once(void **state)
{
	struct trackd_ref more;

	(void)state;
	for (int i = 0; i < CAPACITY; i++) {
		char id[16];
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = create_for(id, i < 10 ? 1 : 0, 0);
	}
	wait_past(refs[9]);
	assert_int_equal(create("more-1", &more), 0);
	assert_int_equal(board.header->counters.expired, 10);
	assert_int_equal(n_live(), 7);
	assert_true((board.header->earliest & ~UINT64_C(0xffff)) > clock_boot_ns());
}

/* A deadline becomes earlier at any instruction of a search: the bound is not behind it. */
static void search_once(void *data)
{
	(void)data;
	struct trackd_ref more;

	assert_int_equal(create("more", &more), TRACKD_E_FULL);
}

static void expire_sooner(void *data)
{
	HARNESS_MUST(record_update(&board, *(struct trackd_ref *)data, 0, NULL, WORKER, LOCK_TRY));
}

#ifdef __SANITIZE_ADDRESS__
enum { STEP = 601 }; /* ten times as many instructions, which take ten times as long */
#else
enum { STEP = 61 };
#endif

static void a_search_misses_no_deadline(void **state)
{
	unsigned n = 1, step = STEP; /* a step of each slot's turn */
	bool interfered = true;

	(void)state;
	if (!stepped_possible())
		skip();
	fill();
	for (; interfered; n += step) {
		take_away(refs[n % CAPACITY]);
		struct trackd_ref changing = create_for("changing", TRACKD_TTL_NEVER, 2000000 + n);
		board.header->earliest &= 0xffff; /* it has passed */
		board.header->full_ns = 0;
		interfered = stepped_run(search_once, expire_sooner, &changing, n);
		if (interfered)
			assert_true(board.heads[changing.slot].deadline != UINT64_MAX);
		assert_true((board.header->earliest & ~UINT64_C(0xffff)) <=
			    board.heads[changing.slot].deadline);
		take_away(changing);
		refs[n % CAPACITY] = harness_create(&board, "filler", "");
		take_away(refs[n % CAPACITY]);
		char id[16];
		snprintf(id, sizeof id, "n-%u", n);
		refs[n % CAPACITY] = harness_create(&board, id, "");
	}
	assert_true(n > 100);
}

/* A searcher that dies leaves the search to the next. */
static void a_search_that_was_left_is_finished(void **state)
{
	(void)state;
	fill();
	board.header->earliest = ~UINT64_C(0xffff) | 5;
	struct trackd_ref ref = refs[9];
	board.heads[ref.slot].deadline = 1;
	complete(refs[2]);
	struct trackd_ref more;
	assert_int_equal(create("more-1", &more), 0);
	assert_false(is_live(ref));
	assert_true(is_live(refs[2]));
	assert_int_equal(board.header->earliest & 0xffff, 4);
}

/* ---- Of the next 64 final ones, the one that ended first ------------------ */

enum { WIDE = 200, COMPARED = 64 };

/* What the promise says, the slow way. */
static uint32_t expected_victim(const struct board *wide, const int64_t ended[])
{
	uint32_t start = (uint32_t)(wide->header->cursor % wide->capacity), best = UINT32_MAX;
	int n = 0;

	for (uint32_t i = 0; i < wide->capacity && n < COMPARED; i++) {
		uint32_t slot = (start + i) % wide->capacity;

		if (slot >= WIDE || ended[slot] == 0)
			continue;
		n++;
		if (best == UINT32_MAX || ended[slot] < ended[best])
			best = slot;
	}
	return best;
}

static void the_next_64_are_compared(void **state)
{
	static int64_t ended[WIDE];
	struct board wide;
	struct trackd_ref ref;
	char id[16];
	unsigned random = 12345;
	const struct record_end end = { .state = TRACKD_COMPLETED, .message = "m" };

	(void)state;
	harness_board(&wide, WIDE);
	for (uint32_t i = 0; i < WIDE; i++) {
		snprintf(id, sizeof id, "task-%u", i);
		ref = harness_create(&wide, id, "");
		assert_int_equal(ref.slot, i);
	}
	for (uint32_t i = 0; i < 600; i++) {
		/* Some end, in any order; one of them before the boot. */
		for (int k = 0; k < (i == 0 ? 150 : 1); k++) {
			uint32_t slot;
			do {
				random = random * 1103515245 + 12345;
				slot = random / 65536 % WIDE;
			} while (ended[slot] != 0);
			ref = (struct trackd_ref){ slot, stamp_generation(wide.heads[slot].stamp) };
			HARNESS_MUST(record_end(&wide, ref, &end, soon()));
			uint64_t stamp = wide.heads[slot].stamp;
			uint64_t *updated =
				&wide.bodies[slot].copy[stamp_version(stamp) & 1].updated;
			if (k == 77)
				*updated = (uint64_t)-5;
			ended[slot] = (int64_t)*updated;
		}
		uint32_t victim = expected_victim(&wide, ended);
		snprintf(id, sizeof id, "more-%u", i);
		ref = harness_create(&wide, id, "");
		assert_int_equal(ref.slot, victim);
		ended[victim] = 0;
	}
	assert_int_equal(wide.header->counters.evicted, 600);
	harness_board_free(&wide);
}

/* ---- Refusals ------------------------------------------------------------ */

/* An id in whose bucket nothing is. */
static void lonely_id(char id[24])
{
	for (int i = 0;; i++) {
		snprintf(id, 24, "lonely-%d", i);
		if (board.id_buckets[index_bucket(&board, index_id_hash(&board, id))] == 0)
			return;
	}
}

static void protect(void *from, const void *to, int protection)
{
	size_t bytes = (size_t)((const char *)to - (const char *)from);

	assert_int_equal(mprotect(from, bytes, protection), 0);
}

/* Once it is known that nothing can go, a refusal looks at no record and not at the map: they cannot
 * even be read. */
static void a_refusal_visits_nothing(void **state)
{
	struct trackd_ref more;
	char id[24];

	(void)state;
	fill();
	lonely_id(id);
	assert_int_equal(create(id, &more), TRACKD_E_FULL);
	protect(board.heads, board.events, PROT_NONE);
	protect(board.bodies, (char *)board.base + board.size, PROT_NONE);
	protect(board.used_map, board.id_buckets, PROT_NONE);
	for (int i = 0; i < 100; i++)
		assert_int_equal(create(id, &more), TRACKD_E_FULL);
	protect(board.heads, board.events, PROT_READ | PROT_WRITE);
	protect(board.bodies, (char *)board.base + board.size, PROT_READ | PROT_WRITE);
	protect(board.used_map, board.id_buckets, PROT_READ | PROT_WRITE);
	assert_int_equal(board.header->counters.refused_full, 101);
}

/* Whatever makes room is known at once. */
static void a_refusal_holds_no_longer_than_its_reason(void **state)
{
	struct trackd_ref more;
	uint32_t slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill();
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	complete(refs[3]);
	assert_int_equal(create("more-1", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	const struct record_end fail = {
		.state = TRACKD_FAILED, .reason = TRACKD_REASON_ERROR, .message = "m", .error = "e"
	};
	HARNESS_MUST(record_end(&board, refs[5], &fail, soon()));
	assert_int_equal(create("more-2", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	assert_int_equal(record_cancel(&board, refs[6], soon()), TRACKD_CANCEL_ENDED);
	assert_int_equal(create("more-3", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	take_away(refs[7]);
	assert_int_equal(create("more-4", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	/* A claim that is given back. */
	take_away(refs[8]);
	HARNESS_MUST(ring_claim(&board, soon(), &slot, &generation));
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	ring_unclaim(&board, slot, generation);
	assert_int_equal(create("more-5", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	/* What is left by the dead, once somebody has repaired it. */
	take_away(refs[10]);
	pid_t pid = harness_fork();
	if (pid == 0) {
		(void)ring_claim(&board, soon(), &slot, &generation);
		for (;;)
			pause();
	}
	HARNESS_WAIT(stamp_state(load_acquire(&board.heads[refs[10].slot].stamp)) == SLOT_CLAIMED,
		     5000);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	harness_kill(pid, SIGKILL);
	assert_int_equal(repair_slot(&board, refs[10].slot, soon()), 1);
	assert_int_equal(create("more-6", &more), 0);
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	map_set(&board, refs[11].slot);
	take_away(refs[11]);
	map_set(&board, refs[11].slot); /* its remover died before it cleared the bit */
	assert_int_equal(create("more-7", &more), 0);
	assert_int_equal(n_live(), CAPACITY);
}

/* Who ends a task and dies before it counts that is not counted. */
static void a_refusal_is_believed_for_a_second(void **state)
{
	struct trackd_ref more;

	(void)state;
	fill();
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	complete(refs[3]);
	board.header->counters.completed--;
	assert_int_equal(create("more", &more), TRACKD_E_FULL);
	board.header->full_ns -= NS_PER_S;
	assert_int_equal(create("more", &more), 0);
	assert_false(is_live(refs[3]));
}

/* ---- Replacing on a full board ------------------------------------------- */

static void replacing_needs_no_room(void **state)
{
	struct trackd_ref more;
	char id[16];

	(void)state;
	fill();
	complete(refs[9]); /* somebody's: it stays */
	for (int i = 0; i < 200; i++) {
		snprintf(id, sizeof id, "task-%d", i % 9);
		assert_int_equal(replace(id, "", &more), 0);
		assert_false(is_live(refs[i % 9]));
		refs[i % 9] = more;
		assert_int_equal(n_live(), CAPACITY);
		assert_int_equal(slot_count(&board), CAPACITY);
	}
	for (int i = 0; i < CAPACITY; i++)
		assert_true(is_live(refs[i]));
	assert_int_equal(board.header->counters.evicted, 0);
	/* Another owner's stays, and nobody gives way for the refusal. */
	assert_int_equal(replace("task-3", "bob", &more), TRACKD_E_EXISTS);
	assert_int_equal(create("task-3", &more), TRACKD_E_EXISTS);
	assert_true(is_live(refs[9]));
	/* What replaces nothing makes room as any new task does. */
	assert_int_equal(replace("more", "", &more), 0);
	assert_false(is_live(refs[9]));
	assert_int_equal(replace("more-1", "", &more), TRACKD_E_FULL);
	assert_int_equal(n_live(), CAPACITY);
}

/* However many tasks live in spare slots: there is room for as many as were taken away. */
static void spare_slots_are_no_room_for_new_tasks(void **state)
{
	struct trackd_ref more;
	char id[16];

	(void)state;
	fill();
	for (int n = 0; n <= CAPACITY; n++) {
		for (int i = 0; i < n; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			assert_int_equal(replace(id, "", &refs[i]), 0);
		}
		assert_int_equal(create("more", &more), TRACKD_E_FULL);
		for (int i = 0; i < n; i++)
			take_away(refs[i]);
		for (int i = 0; i < n; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			assert_int_equal(create(id, &refs[i]), 0);
		}
		assert_int_equal(create("more", &more), TRACKD_E_FULL);
		assert_int_equal(n_live(), CAPACITY);
	}
}

/* A task in a spare slot can be evicted as well, and makes room. */
static void a_task_in_a_spare_slot_is_evicted_too(void **state)
{
	struct trackd_ref more;

	(void)state;
	fill();
	assert_int_equal(replace("task-5", "", &refs[5]), 0);
	assert_true(refs[5].slot >= CAPACITY);
	complete(refs[5]);
	assert_int_equal(create("more-1", &more), 0);
	assert_false(is_live(refs[5]));
	assert_int_equal(create("more-2", &more), TRACKD_E_FULL);
	assert_int_equal(n_live(), CAPACITY);
}

/* As many at once as there are spare slots. */
static void claims_for_replacing_end(void **state)
{
	uint32_t slots[LAYOUT_SPARE], generations[LAYOUT_SPARE], slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill();
	for (int i = 0; i < LAYOUT_SPARE; i++)
		assert_int_equal(ring_claim_replacing(&board, LOCK_TRY, &slots[i], &generations[i]),
				 0);
	assert_int_equal(ring_claim_replacing(&board, LOCK_TRY, &slot, &generation), -EBUSY);
	assert_int_equal(ring_claim_replacing(&board, harness_deadline(20), &slot, &generation),
			 TRACKD_E_BUSY);
	for (int i = 0; i < LAYOUT_SPARE; i++)
		ring_unclaim(&board, slots[i], generations[i]);
	assert_int_equal(n_live(), CAPACITY);
	/* What the dead have claimed is given back first. */
	pid_t pid = harness_fork();
	if (pid == 0) {
		for (int i = 0; i < LAYOUT_SPARE; i++)
			if (ring_claim_replacing(&board, LOCK_TRY, &slot, &generation) < 0)
				_exit(1);
		_exit(0);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(ring_claim_replacing(&board, LOCK_TRY, &slot, &generation), 0);
	ring_unclaim(&board, slot, generation);
}

enum { PROCESSES = 3, ROUNDS = 4000, OWN = 5 };

/* Others may have taken the last place for a moment. */
static struct trackd_ref insist(const char *id)
{
	struct tenant_new task = { .id = id, .owner = "", .name = "", .message = "" };
	struct trackd_ref ref = { 0 };
	int error;

	do
		error = create_by(&task, soon(), &ref);
	while (error == TRACKD_E_FULL);
	HARNESS_MUST(error);
	return ref;
}

/* Each has five ids of its own, so all together one less than the board holds, and a stranger. */
static void churn(int who)
{
	struct trackd_ref own[OWN], other;
	char id[24];
	unsigned random = (unsigned)who + 1;

	for (int i = 0; i < OWN; i++) {
		snprintf(id, sizeof id, "own-%d-%d", who, i);
		own[i] = insist(id);
	}
	for (int n = 0; n < ROUNDS; n++) {
		random = random * 1103515245 + 12345;
		int i = (int)(random / 65536 % OWN);
		struct tenant_new task = { .id = id, .owner = "", .name = "", .message = "" };
		snprintf(id, sizeof id, "own-%d-%d", who, i);
		task.replace = random % 3 != 0;
		if (task.replace) {
			HARNESS_MUST(create_by(&task, soon(), &own[i]));
		} else {
			HARNESS_MUST(slot_remove(&board, own[i], SLOT_REMOVE_ASKED, soon()));
			own[i] = insist(id);
		}
		/* Whoever comes too much is refused or, when it is final, gives way. */
		snprintf(id, sizeof id, "more-%d-%d", who, n);
		task.replace = false;
		int error = create_by(&task, soon(), &other);
		if (error == 0)
			complete(other);
		else if (error != TRACKD_E_FULL && error != TRACKD_E_BUSY)
			harness_die("%s", trackd_strerror(error));
		if (slot_count(&board) > CAPACITY + PROCESSES)
			harness_die("%u tasks", slot_count(&board));
	}
	for (int i = 0; i < OWN; i++)
		if (!is_live(own[i]))
			harness_die("own task %d is gone", i);
}

static void no_more_tasks_than_the_capacity_among_processes(void **state)
{
	pid_t pids[PROCESSES];

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = harness_fork();
		if (pids[i] == 0) {
			churn(i);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	assert_in_range(n_live(), PROCESSES * OWN, CAPACITY);
	assert_int_equal(slot_count(&board), n_live());
	assert_int_equal(repair_all(&board, soon()), 0);
	/* Full again to the last one, and not beyond. */
	struct trackd_ref more;
	char id[16];
	for (int i = 0; i < 2 * CAPACITY; i++) {
		snprintf(id, sizeof id, "last-%d", i);
		(void)create(id, &more);
	}
	assert_int_equal(n_live(), CAPACITY);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_BOARD(a_victim_that_is_held_is_passed_over),
		OWN_BOARD(a_victim_whose_stripe_is_held_is_passed_over),
		OWN_BOARD(an_expired_victim_that_is_held_is_passed_over),
		OWN_BOARD(what_is_held_does_not_keep_the_rest_from_repair),
		OWN_BOARD(a_task_that_was_made_to_expire_soon_goes_first),
		OWN_BOARD(a_task_that_ended_to_expire_soon_goes_first),
		OWN_BOARD(a_task_that_was_mended_to_expire_soon_goes_first),
		OWN_BOARD(all_that_have_expired_are_removed_at_once),
		OWN_BOARD(a_search_misses_no_deadline),
		OWN_BOARD(a_search_that_was_left_is_finished),
		cmocka_unit_test(the_next_64_are_compared),
		OWN_BOARD(a_refusal_visits_nothing),
		OWN_BOARD(a_refusal_holds_no_longer_than_its_reason),
		OWN_BOARD(a_refusal_is_believed_for_a_second),
		OWN_BOARD(replacing_needs_no_room),
		OWN_BOARD(spare_slots_are_no_room_for_new_tasks),
		OWN_BOARD(a_task_in_a_spare_slot_is_evicted_too),
		OWN_BOARD(claims_for_replacing_end),
		OWN_BOARD(no_more_tasks_than_the_capacity_among_processes),
	};

	return suite_run(tests);
}
