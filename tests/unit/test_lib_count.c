/* SPDX-License-Identifier: MIT */
/* The counter of work: no count is lost, none comes late, none is another task's. */
#include "libclient/atomic.h"
#include "libclient/record.h"
#include "libclient/slot.h"
#include "libclient/view.h"
#include "tests/harness/harness.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { CAPACITY = 64, WORKER = 7 };

static struct board board;

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, CAPACITY);
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
	return harness_deadline(2000);
}

static struct trackd_task task_of(struct trackd_ref ref)
{
	struct trackd_task task;

	HARNESS_MUST(view_copy(&board, ref, board_coarse_ns(&board), &task));
	return task;
}

static int update(struct trackd_ref ref, int stage)
{
	return record_update(&board, ref, stage, NULL, WORKER, soon());
}

static int end(struct trackd_ref ref, enum trackd_state state)
{
	struct record_end how = { .state = state, .message = "ended" };

	if (state == TRACKD_FAILED) {
		how.reason = TRACKD_REASON_ERROR;
		how.error = "why";
	} else if (state == TRACKD_CANCELLED) {
		how.reason = TRACKD_REASON_CANCELLED;
	}
	return record_end(&board, ref, &how, soon());
}

static void counts_beyond_the_limit_are_refused(void **state)
{
	struct trackd_ref ref = harness_create(&board, "a", NULL);

	(void)state;
	assert_int_equal(update(ref, 0), 0);
	assert_int_equal(record_advance(&board, ref, TRACKD_WORK_MAX), 0);
	assert_int_equal(record_advance(&board, ref, 0), 0);
	assert_int_equal(record_advance(&board, ref, 1), TRACKD_E_OVERFLOW);
	assert_int_equal(record_advance(&board, ref, UINT64_MAX), TRACKD_E_OVERFLOW);
	assert_int_equal(task_of(ref).done, TRACKD_WORK_MAX);
	assert_int_equal(record_set_total(&board, ref, TRACKD_WORK_MAX + 1, soon()),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(record_set_progress(&board, ref, TRACKD_WORK_MAX + 1, 0, soon()),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(record_set_progress(&board, ref, 0, TRACKD_WORK_MAX + 1, soon()),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(record_set_progress(&board, ref, TRACKD_WORK_MAX, TRACKD_WORK_MAX, soon()),
			 0);
	assert_int_equal(task_of(ref).done, TRACKD_WORK_MAX);
}

static void the_counter_is_of_one_tenant_and_sealed_at_its_end(void **state)
{
	struct trackd_ref ref = harness_create(&board, "a", NULL);
	uint64_t *work = &board.bodies[ref.slot].work;

	(void)state;
	assert_true(work_is_open(*work, ref.generation));
	assert_int_equal(update(ref, 0), 0);
	assert_int_equal(record_advance(&board, ref, 41), 0);
	/* A counter that is another tenant's, as when the slot changes hands in between. */
	uint64_t good = *work;
	*work ^= UINT64_C(1) << 48;
	assert_int_equal(record_advance(&board, ref, 1), TRACKD_E_GONE);
	*work = good;
	assert_int_equal(end(ref, TRACKD_FAILED), 0);
	assert_true((*work & WORK_SEAL) != 0);
	assert_int_equal(record_advance(&board, ref, 1), TRACKD_E_FINAL);
	assert_int_equal(task_of(ref).done, 41);
	*work += 5; /* whoever comes late changes nothing that is shown */
	assert_int_equal(task_of(ref).done, 41);
}

/* Whoever sealed it died before the end was published: the next who counts mends it. */
static void a_seal_that_was_left_is_taken_off(void **state)
{
	struct trackd_ref ref = harness_create(&board, "a", NULL);
	uint64_t *work = &board.bodies[ref.slot].work;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	assert_int_equal(update(ref, 0), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		if (slot_lock(&board, ref.slot, soon()) < 0)
			_exit(1);
		or_relaxed(work, WORK_SEAL);
		_exit(0); /* holding the record */
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(record_advance(&board, ref, 2), 0);
	assert_true(work_is_open(*work, ref.generation));
	assert_int_equal(task_of(ref).done, 2);
	assert_int_equal(board.header->counters.locks_recovered, 1);
	assert_int_equal(board.header->repair_due, 1);
}

enum { PROCESSES = 3, COUNTS = 30000 };

static void no_count_is_lost_among_processes_and_updates(void **state)
{
	struct trackd_ref ref = harness_create(&board, "a", NULL);
	pid_t pids[PROCESSES];

	(void)state;
	assert_int_equal(update(ref, 0), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = harness_fork();
		if (pids[i] != 0)
			continue;
		for (int n = 0; n < COUNTS; n++)
			if (record_advance(&board, ref, 1) < 0 ||
			    (n % 16 == 0 &&
			     record_update(&board, ref, TRACKD_STAGE_KEEP, "m", 0, soon()) < 0))
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	assert_int_equal(task_of(ref).done, PROCESSES * COUNTS);
}

/* What was accepted before the end is in what the end shows, to the last unit. */
static void what_was_accepted_is_shown_at_the_end(void **state)
{
	uint64_t *accepted = &board.header->counters.reserved[0];
	struct trackd_ref ref = harness_create(&board, "a", NULL);

	(void)state;
	assert_int_equal(update(ref, 0), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		int error = 0;
		for (; error == 0; error = record_advance(&board, ref, 1))
			store_release(accepted, *accepted + 1);
		_exit(error == TRACKD_E_FINAL ? 0 : 1);
	}
	HARNESS_WAIT(load_acquire(accepted) > 1000, 5000);
	assert_int_equal(end(ref, TRACKD_COMPLETED), 0);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(task_of(ref).done, *accepted - 1);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_BOARD(counts_beyond_the_limit_are_refused),
		OWN_BOARD(the_counter_is_of_one_tenant_and_sealed_at_its_end),
		OWN_BOARD(a_seal_that_was_left_is_taken_off),
		OWN_BOARD(no_count_is_lost_among_processes_and_updates),
		OWN_BOARD(what_was_accepted_is_shown_at_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
