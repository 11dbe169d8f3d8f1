/* SPDX-License-Identifier: MIT */
/* A full board: who gives way, and who is not waited for. */
#include "libclient/record/mend.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/client.h"
#include "tests/harness/full_board.h"
#include "tests/harness/stepped.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* ---- Locked tasks -------------------------------------------------------- */

static void a_victim_that_is_held_is_passed_over(void **state)
{
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	full_fill();
	own_complete(full_refs[9]);
	own_complete(full_refs[4]);
	own_complete(full_refs[12]);
	pid_t pid = full_hold(&own_board.bodies[full_refs[9].slot].mutex);
	assert_int_equal(full_create("more-1", &more), 0);
	assert_true(own_is_live(full_refs[9]) && own_is_live(full_refs[12]));
	assert_false(own_is_live(full_refs[4]));
	assert_int_equal(full_create("more-2", &more), 0);
	assert_false(own_is_live(full_refs[12]));
	/* Only when all remaining candidates are locked. */
	assert_int_equal(full_create("more-3", &more), -EBUSY);
	assert_int_equal(own_new("more-3", "", false, harness_deadline(60), &more), TRACKD_E_BUSY);
	assert_int_equal(own_board.header->counters.busy, 1);
	assert_int_equal(own_board.header->counters.refused_full, 0);
	assert_true(own_is_live(full_refs[9]));
	harness_kill(pid, SIGKILL);
	assert_int_equal(full_create("more-3", &more), 0);
	assert_false(own_is_live(full_refs[9]));
	assert_int_equal(full_create("more-4", &more), TRACKD_E_FULL);
}

/* The last task made room, and not the one that ended, or expired, before it and is held. */
static void expect_the_other_went(void)
{
	assert_true(own_is_live(full_refs[9]));
	assert_false(own_is_live(full_refs[4]));
}

static void a_victim_whose_stripe_is_held_is_passed_over(void **state)
{
	struct layout_head *heads = own_board.heads;
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	full_fill();
	own_complete(full_refs[9]);
	own_complete(full_refs[4]);
	pid_t pid = full_hold(
		&slot_stripes_of(&own_board, heads[full_refs[9].slot].id_hash, 0).id->mutex);
	assert_int_equal(full_create("more-1", &more), 0);
	expect_the_other_went();
	harness_kill(pid, SIGKILL);
	assert_int_equal(full_create("more-2", &more), 0);
	assert_false(own_is_live(full_refs[9]));
}

static void an_expired_victim_that_is_held_is_passed_over(void **state)
{
	struct trackd_ref more;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	full_fill();
	own_remove(full_refs[9]);
	full_refs[9] = own_create_for("short", 1, 0);
	own_complete(full_refs[4]);
	pid_t pid = full_hold(&own_board.bodies[full_refs[9].slot].mutex);
	full_wait_past(full_refs[9]);
	assert_int_equal(full_create("more-1", &more), 0);
	expect_the_other_went();
	assert_int_equal(full_create("more-2", &more), -EBUSY);
	harness_kill(pid, SIGKILL);
	/* It is checked again after a second. */
	HARNESS_WAIT(full_create("more-2", &more) == 0, 5000);
	assert_false(own_is_live(full_refs[9]));
}

/* A creator is stopped: slots that dead processes left are repaired all the same. */
static void a_held_lock_does_not_prevent_other_repairs(void **state)
{
	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	pid_t pid = client_holding(full_claim, NULL);
	assert_int_equal(stamp_state(own_board.heads[0].stamp), SLOT_CLAIMED);
	harness_stop(pid);
	(void)harness_kill(client_holding(full_claim, NULL), SIGKILL);
	assert_int_equal(stamp_state(own_board.heads[1].stamp), SLOT_CLAIMED);
	own_board.id_stripes[200].count = 3;
	assert_int_equal(repair_all(&own_board, LOCK_TRY), -EBUSY);
	assert_int_equal(stamp_state(own_board.heads[0].stamp), SLOT_CLAIMED);
	assert_int_equal(stamp_state(own_board.heads[1].stamp), SLOT_FREE);
	assert_int_equal(own_board.id_stripes[200].count, 0);
	harness_kill(pid, SIGKILL);
	assert_true(repair_all(&own_board, harness_soon()) > 0);
	assert_int_equal(own_count_live(), 0);
}

/* ---- Expired first, exactly ---------------------------------------------- */

/* A full board whose header has the earliest deadline, and one final task. The expiring task must
 * be evicted first. */
static void goes_before_the_final_one(struct trackd_ref expiring)
{
	struct trackd_ref more;

	full_wait_past(expiring);
	assert_int_equal(full_create("more-1", &more), 0);
	assert_false(own_is_live(expiring));
	assert_true(own_is_live(full_refs[2]));
	assert_int_equal(own_board.header->counters.expired, 1);
	assert_int_equal(full_create("more-2", &more), 0);
	assert_false(own_is_live(full_refs[2]));
}

static void learn_the_first_deadline(void)
{
	struct trackd_ref more;

	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
	assert_true((own_board.header->earliest & ~UINT64_C(0xffff)) > clock_boot_ns());
	assert_int_equal(own_board.header->earliest & 1, 0);
}

static void a_task_that_was_made_to_expire_soon_goes_first(void **state)
{
	(void)state;
	full_fill();
	learn_the_first_deadline();
	own_remove(full_refs[9]);
	struct trackd_ref expiring = own_create_for("short", 20, 0);
	own_complete(full_refs[2]);
	goes_before_the_final_one(expiring);
}

static void a_task_that_ended_to_expire_soon_goes_first(void **state)
{
	(void)state;
	full_fill();
	own_remove(full_refs[9]);
	struct trackd_ref expiring = own_create_for("short", 20, TRACKD_TTL_NEVER);
	HARNESS_MUST(record_update(&own_board, expiring, 0, NULL, OWN_WORKER, harness_soon()));
	learn_the_first_deadline();
	own_complete(full_refs[2]); /* ended earlier */
	own_complete(expiring);
	goes_before_the_final_one(expiring);
}

static void a_task_that_was_mended_to_expire_soon_goes_first(void **state)
{
	(void)state;
	full_fill();
	own_remove(full_refs[9]);
	struct trackd_ref expiring = own_create_for("short", 20, 0);
	own_board.heads[expiring.slot].deadline = UINT64_MAX; /* its writer died before the store */
	own_board.header->earliest = 0;
	learn_the_first_deadline();
	own_complete(full_refs[2]);
	mend_record(&own_board, expiring.slot);
	goes_before_the_final_one(expiring);
}

/* Tasks that expire one by one do not cost a scan each. */
static void all_that_have_expired_are_removed_at_once(void **state)
{
	struct trackd_ref more;

	(void)state;
	for (int i = 0; i < FULL_CAPACITY; i++) {
		char id[16];
		snprintf(id, sizeof id, "task-%d", i);
		full_refs[i] = own_create_for(id, i < 10 ? 1 : 0, 0);
	}
	full_wait_past(full_refs[9]);
	assert_int_equal(full_create("more-1", &more), 0);
	assert_int_equal(own_board.header->counters.expired, 10);
	assert_int_equal(own_count_live(), 7);
	assert_true((own_board.header->earliest & ~UINT64_C(0xffff)) > clock_boot_ns());
}

/* A deadline becomes earlier at any instruction of a search: the bound is never later. */
static void search_once(void *data)
{
	(void)data;
	struct trackd_ref more;

	assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
}

static void expire_sooner(void *data)
{
	HARNESS_MUST(record_renew(&own_board, *(struct trackd_ref *)data, LOCK_TRY));
}

#ifdef __SANITIZE_ADDRESS__
enum { STEP = 601 }; /* ten times as many instructions, each ten times slower */
#else
enum { STEP = 61 };
#endif

static void a_search_misses_no_deadline(void **state)
{
	unsigned n = 1, step = STEP; /* odd, so that the slots take turns */
	bool interfered = true;

	(void)state;
	if (!stepped_possible())
		skip();
	full_fill();
	for (; interfered; n += step) {
		own_remove(full_refs[n % FULL_CAPACITY]);
		own_board.header->ttl_ms = TRACKD_TTL_NEVER;
		struct trackd_ref changing = own_create("changing", "");
		own_board.header->ttl_ms = 2000000 + n; /* counts from the next update on */
		own_board.header->earliest &= 0xffff;   /* the bound has passed */
		own_board.header->full_ns = 0;
		interfered = stepped_run(search_once, expire_sooner, &changing, n);
		if (interfered)
			assert_true(own_board.heads[changing.slot].deadline != UINT64_MAX);
		assert_true((own_board.header->earliest & ~UINT64_C(0xffff)) <=
			    own_board.heads[changing.slot].deadline);
		own_board.header->ttl_ms = TRACKD_TTL_DEFAULT_MS;
		own_remove(changing);
		full_refs[n % FULL_CAPACITY] = own_create("filler", "");
		own_remove(full_refs[n % FULL_CAPACITY]);
		char id[16];
		snprintf(id, sizeof id, "n-%u", n);
		full_refs[n % FULL_CAPACITY] = own_create(id, "");
	}
	assert_true(n > 100);
}

/* If a searching process dies, the next one completes the search. */
static void a_search_that_was_left_is_finished(void **state)
{
	(void)state;
	full_fill();
	own_board.header->earliest = ~UINT64_C(0xffff) | 5;
	struct trackd_ref ref = full_refs[9];
	own_board.heads[ref.slot].deadline = 1;
	own_complete(full_refs[2]);
	struct trackd_ref more;
	assert_int_equal(full_create("more-1", &more), 0);
	assert_false(own_is_live(ref));
	assert_true(own_is_live(full_refs[2]));
	assert_int_equal(own_board.header->earliest & 0xffff, 4);
}

/* ---- Of the next 64 final ones, the one that ended first ------------------ */

enum { WIDE = 200, COMPARED = 64 };

/* The promised victim, computed in the simple way. */
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
			HARNESS_MUST(record_end(&wide, ref, &end, harness_soon()));
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

static const struct CMUnitTest tests[] = {
	FULL_BOARD(a_victim_that_is_held_is_passed_over),
	FULL_BOARD(a_victim_whose_stripe_is_held_is_passed_over),
	FULL_BOARD(an_expired_victim_that_is_held_is_passed_over),
	FULL_BOARD(a_held_lock_does_not_prevent_other_repairs),
	FULL_BOARD(a_task_that_was_made_to_expire_soon_goes_first),
	FULL_BOARD(a_task_that_ended_to_expire_soon_goes_first),
	FULL_BOARD(a_task_that_was_mended_to_expire_soon_goes_first),
	FULL_BOARD(all_that_have_expired_are_removed_at_once),
	FULL_BOARD(a_search_misses_no_deadline),
	FULL_BOARD(a_search_that_was_left_is_finished),
	cmocka_unit_test(the_next_64_are_compared),
};

SUITE(tests)
