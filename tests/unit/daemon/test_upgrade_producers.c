/* SPDX-License-Identifier: MIT */
/*
 * A board of layout 2 is taken over while producers use it: they are told, and nothing that they had
 * acknowledged is lost, whoever holds a lock on it.
 */
#include "tests/harness/client.h"
#include "tests/unit/daemon/upgrading.h"
#include <errno.h>

/* ---- Its producers ------------------------------------------------------------- */

static void producers_are_told_and_change_nothing_more(void **state)
{
	struct old_ref ref = active("id");
	uint32_t epoch = old_board_epoch(&old), tick = old_board_tick(&old);

	(void)state;
	take_over();
	assert_int_equal(old_board_closed(&old), 1);
	assert_int_equal(old_board_retired(&old), 1);
	assert_int_equal(old_board_epoch(&old), epoch + 2);
	assert_int_equal(old_board_tick(&old), tick + 1);
	assert_int_equal(old_update(&old, ref, -1, "late", worker), OLD_CLOSED);
	assert_int_equal(create("late").slot, UINT32_MAX);
}

/* The heads' memory is freed with the rest, so the counter is looked at before that. */
static void a_sealed_counter_cannot_be_advanced(void **state)
{
	struct layout2_board from;
	struct old_ref ref = active("id"), ended = active("ended");

	(void)state;
	assert_int_equal(old_end(&old, ended, OLD_COMPLETED, "done"), OLD_DONE);
	HARNESS_MUST(layout2_board_map(&from, dup(old.fd)));
	layout2_board_close(&from, LAYOUT_CLOSED);
	(void)layout2_board_seal(&from, ref.slot);
	assert_int_equal(old_advance(&old, ref, 1), OLD_CLOSED);
	layout2_board_reopen(&from);
	assert_int_equal(old_advance(&old, ref, 1), OLD_DONE);
	assert_true(old_is_sealed(&old, ended));
	layout2_board_unmap(&from);
}

static void a_worker_that_died_keeps_its_entry_for_the_daemon_to_find(void **state)
{
	pid_t pid = client_start();
	uint64_t dead = old_board_join(&old, pid);
	struct old_ref ref = create("id");

	(void)state;
	assert_int_equal(old_update(&old, ref, 1, NULL, dead), OLD_DONE);
	(void)harness_kill(pid, SIGKILL);
	take_over();
	assert_int_equal(task_of("id").state, TRACKD_ACTIVE);
	assert_int_equal(task_of("id").worker_pid, pid);
}

static void after_a_failure_the_old_board_is_as_before(void **state)
{
	struct old_ref ref = active("id");

	(void)state;
	assert_int_equal(old_advance(&old, ref, 2), OLD_DONE);
	config.board[0] = 'x'; /* no name for a board: the last step fails */
	assert_true(try(false) < 0);
	config.board[0] = '/';
	assert_int_equal(old_board_closed(&old), 0);
	assert_int_equal(old_board_retired(&old), 0);
	assert_int_equal(old_advance(&old, ref, 2), OLD_DONE);
	assert_int_equal(old_update(&old, ref, -1, "goes on", worker), OLD_DONE);
	take_over();
	assert_int_equal(task_of("id").done, 4);
	assert_string_equal(task_of("id").message, "goes on");
}

static void a_take_over_that_was_interrupted_is_begun_anew(void **state)
{
	struct old_ref ref = active("id");
	struct layout2_board from;

	(void)state;
	assert_int_equal(old_advance(&old, ref, 2), OLD_DONE);
	HARNESS_MUST(layout2_board_map(&from, dup(old.fd)));
	layout2_board_close(&from, LAYOUT_CLOSED);
	(void)layout2_board_seal(&from, ref.slot);
	layout2_board_unmap(&from);
	take_over();
	assert_int_equal(task_of("id").done, 2);
}

/* ---- Locks --------------------------------------------------------------------- */

enum then { STAYS, DIES };

/* A process that takes a lock, and then dies, or keeps it and commits once flags[1] is set. Returns the
 * flags. */
static uint32_t *held_by_another(enum old_lock which, uint32_t number, enum then then)
{
	uint32_t *flags = harness_shared(2 * sizeof *flags);

	other = harness_fork();
	if (other == 0) {
		old_hold(&old, which, number);
		__atomic_store_n(&flags[0], 1, __ATOMIC_RELEASE);
		if (then == DIES)
			(void)raise(SIGKILL);
		HARNESS_WAIT(__atomic_load_n(&flags[1], __ATOMIC_ACQUIRE) == 1, 60000);
		_exit((int)old_finish_update(&old, (struct old_ref){ number, 0 }, "late"));
	}
	HARNESS_WAIT(__atomic_load_n(&flags[0], __ATOMIC_ACQUIRE) == 1, 30000);
	if (then == DIES) {
		(void)harness_reap(other);
		other = 0;
	}
	return flags;
}

static void a_lock_that_is_held_does_not_prevent_it(enum old_lock which)
{
	struct old_ref ref = active("id");
	uint64_t before = clock_monotonic_ns();

	(void)create("second");
	held_by_another(which, which == OLD_LOCK_RECORD ? ref.slot : 0, STAYS);
	take_over();
	assert_true(clock_monotonic_ns() - before >= 100 * NS_PER_MS);
	assert_int_equal(old_board_closed(&old), 2);
	assert_int_equal(old_board_retired(&old), 1);
	assert_int_equal(task_of("id").state, TRACKD_ACTIVE);
	assert_int_equal(task_of("second").state, TRACKD_PENDING);
}

static void a_record_that_is_locked_does_not_prevent_it(void **state)
{
	(void)state;
	a_lock_that_is_held_does_not_prevent_it(OLD_LOCK_RECORD);
}

static void a_stripe_that_is_locked_does_not_prevent_it(void **state)
{
	(void)state;
	a_lock_that_is_held_does_not_prevent_it(OLD_LOCK_STRIPE);
}

static void kinds_that_are_locked_do_not_prevent_it(void **state)
{
	(void)state;
	a_lock_that_is_held_does_not_prevent_it(OLD_LOCK_KINDS);
}

static void what_is_committed_behind_the_copy_is_not_acknowledged(void **state)
{
	struct old_ref ref = active("id");
	uint32_t *flags = held_by_another(OLD_LOCK_RECORD, ref.slot, STAYS);

	(void)state;
	take_over();
	__atomic_store_n(&flags[1], 1, __ATOMIC_RELEASE);
	assert_int_equal(harness_reap(other), OLD_UNSURE);
	other = 0;
	assert_string_equal(task_of("id").message, "at work");
}

static void locks_of_the_dead_are_taken(void **state)
{
	struct old_ref ref;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	ref = active("id");
	held_by_another(OLD_LOCK_RECORD, ref.slot, DIES);
	held_by_another(OLD_LOCK_STRIPE, 9, DIES);
	held_by_another(OLD_LOCK_KINDS, 0, DIES);
	take_over();
	assert_int_equal(old_board_closed(&old), 1);
	assert_int_equal(task_of("id").state, TRACKD_ACTIVE);
}

/* ---- Removing ---------------------------------------------------------------------- */

static void a_board_that_is_removed_has_no_successor(void **state)
{
	struct old_ref ref = active("id");
	struct layout2_board from;

	(void)state;
	HARNESS_MUST(layout2_board_map(&from, dup(old.fd)));
	assert_int_equal(upgrade_remove(&from, config.board), 0);
	layout2_board_unmap(&from);
	assert_int_equal(old_board_retired(&old), 2);
	assert_int_equal(old_update(&old, ref, -1, "late", worker), OLD_CLOSED);
	assert_int_equal(segment_open(config.board, true, geteuid()), -ENOENT);
}

static const struct CMUnitTest tests[] = {
	TEST(producers_are_told_and_change_nothing_more),
	TEST(a_sealed_counter_cannot_be_advanced),
	TEST(a_worker_that_died_keeps_its_entry_for_the_daemon_to_find),
	TEST(after_a_failure_the_old_board_is_as_before),
	TEST(a_take_over_that_was_interrupted_is_begun_anew),
	TEST(a_record_that_is_locked_does_not_prevent_it),
	TEST(a_stripe_that_is_locked_does_not_prevent_it),
	TEST(kinds_that_are_locked_do_not_prevent_it),
	TEST(what_is_committed_behind_the_copy_is_not_acknowledged),
	TEST(locks_of_the_dead_are_taken),
	TEST(a_board_that_is_removed_has_no_successor),
};

SUITE(tests)
