/* SPDX-License-Identifier: MIT */
/* Which workers keep their tasks on a new board: a worker is a process, not a pid. */
#include "daemon/board/restore.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/client.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/suite.h"
#include <signal.h>
#include <string.h>

static struct board old_board, board;
static pid_t worker;
static uint64_t number; /* the worker's, on the old board */

static int setup(void **state)
{
	struct trackd_ref ref;

	(void)state;
	harness_board(&old_board, 16);
	harness_board(&board, 16);
	worker = client_start();
	number = client_claim(&old_board, worker);
	ref = harness_create(&old_board, "task", NULL);
	HARNESS_MUST(record_update(&old_board, ref, 1, NULL, number, harness_soon()));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (worker > 0)
		(void)harness_kill(worker, SIGKILL);
	harness_board_free(&old_board);
	harness_board_free(&board);
	return 0;
}

static struct layout_client *entry(void)
{
	return &old_board.clients[(uint32_t)number - 1];
}

/* Import all tasks; returns the task on the new board. */
static struct trackd_task brought(uint64_t n_failed)
{
	struct restore_count count;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	HARNESS_MUST(restore_board(&board, &old_board, &count));
	assert_int_equal(count.tasks, 1);
	assert_int_equal(count.failed, n_failed);
	HARNESS_MUST(view_lookup(&board, "task", board_coarse_ns(&board), &ref));
	HARNESS_MUST(view_copy(&board, ref, board_coarse_ns(&board), &task));
	return task;
}

static void a_worker_that_lives_keeps_its_task(void **state)
{
	struct trackd_task task = brought(0);

	(void)state;
	assert_int_equal(task.state, TRACKD_ACTIVE);
	assert_int_equal(task.worker_pid, worker);
	assert_int_equal(task.stage, 1);
}

static void a_worker_that_died_has_lost_it(void **state)
{
	(void)state;
	(void)harness_kill(worker, SIGKILL);
	worker = 0;
	struct trackd_task task = brought(1);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_WORKER_LOST);
}

/* The pid now belongs to a process that started later. */
static void a_reused_pid_does_not_keep_the_dead_workers_task(void **state)
{
	(void)state;
	entry()->start_time -= 100;
	struct trackd_task task = brought(1);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_WORKER_LOST);
}

static void a_start_time_that_is_not_known_is_no_proof_of_death(void **state)
{
	(void)state;
	entry()->start_time = 0;
	assert_int_equal(brought(0).state, TRACKD_ACTIVE);
}

static void pids_of_another_namespace_are_ignored(void **state)
{
	(void)state;
	old_board.header->pid_ns++;
	struct trackd_task task = brought(1);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_WORKER_LOST);
}

/* References to the old board fit none of the new one, and serials lead on. */
static void references_and_serials_of_the_old_board_are_not_given_again(void **state)
{
	uint64_t serial = load_relaxed(&old_board.header->serial);

	(void)state;
	old_board.header->number = REF_NUMBERS; /* the next one is 1 */
	assert_int_equal(brought(0).serial, serial);
	assert_int_equal(board.header->number, 1);
	assert_int_equal(board.number, 1 << 24);
	struct trackd_ref ref = harness_create(&board, "new", NULL);
	assert_int_equal(board.heads[ref.slot].serial, serial + 1);
}

/* A serial that the new board has passed already is replaced: chains stay in order. */
static void a_serial_below_the_newest_is_replaced(void **state)
{
	(void)state;
	harness_create(&board, "one", NULL);
	harness_create(&board, "two", NULL);
	assert_int_equal(brought(0).serial, 3);
}

/* The only task is pending, and kept by the worker. */
static void keep_task(void)
{
	const struct tenant_new kept = { .id = "task",
					 .owner = "",
					 .name = "",
					 .message = "",
					 .replace = true,
					 .within.finish = 77000,
					 .keeper = number };
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&old_board, &kept, harness_soon(), &ref));
}

static void a_keeper_that_lives_keeps_its_task(void **state)
{
	(void)state;
	keep_task();
	struct trackd_task task = brought(0);
	assert_int_equal(task.state, TRACKD_PENDING);
	assert_int_equal(task.worker_pid, worker);
	assert_int_equal(task.finish_within_ms, 77000);
}

static void a_keeper_that_died_has_lost_it(void **state)
{
	(void)state;
	keep_task();
	(void)harness_kill(worker, SIGKILL);
	worker = 0;
	struct trackd_task task = brought(1);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_WORKER_LOST);
	assert_non_null(strstr(task.error, "before the first stage"));
}

static void after_a_reboot_no_keeper_lives(void **state)
{
	(void)state;
	keep_task();
	old_board.header->boot_id[0] ^= 1;
	assert_int_equal(brought(1).reason, TRACKD_REASON_HOST_RESTART);
}

static void a_worker_that_died_after_a_request_to_cancel_has_cancelled(void **state)
{
	struct trackd_ref ref;

	(void)state;
	HARNESS_MUST(view_lookup(&old_board, "task", 0, &ref));
	HARNESS_MUST(record_cancel(&old_board, ref, harness_soon()));
	(void)harness_kill(worker, SIGKILL);
	worker = 0;
	struct trackd_task task = brought(1);
	assert_int_equal(task.state, TRACKD_CANCELLED);
	assert_int_equal(task.reason, TRACKD_REASON_CANCELLED);
	assert_non_null(strstr(task.error, "exited in chunking"));
}

static struct trackd_ref add_child(const char *id, const char *parent)
{
	const struct tenant_new task = {
		.id = id, .owner = "", .name = "", .message = "", .parent = parent, .weight = 5
	};
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&old_board, &task, harness_soon(), &ref));
	return ref;
}

static void families_are_restored(void **state)
{
	struct record_end how = { .state = TRACKD_COMPLETED, .message = "done" };
	struct restore_count count;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	ref = add_child("done", "task");
	(void)add_child("open", "task");
	(void)add_child("grandchild", "open");
	HARNESS_MUST(record_end(&old_board, ref, &how, harness_soon()));
	ref = add_child("gone", "task");
	HARNESS_MUST(record_end(&old_board, ref, &how, harness_soon()));
	HARNESS_MUST(slot_remove(&old_board, ref, SLOT_REMOVE_EVICTED, harness_soon()));
	HARNESS_MUST(restore_board(&board, &old_board, &count));
	assert_int_equal(count.tasks, 4);
	HARNESS_MUST(view_lookup(&board, "task", 0, &ref));
	HARNESS_MUST(view_copy(&board, ref, 0, &task));
	assert_int_equal(task.children.pending, 1);
	assert_int_equal(task.children.completed, 1);
	assert_int_equal(task.children.gone_completed, 1);
	assert_int_equal(task.children.gone_weight, 5);
	assert_true(board.heads[ref.slot].deadline == UINT64_MAX);
	HARNESS_MUST(view_lookup(&board, "grandchild", 0, &ref));
	HARNESS_MUST(view_copy(&board, ref, 0, &task));
	assert_string_equal(task.parent, "open");
	assert_int_equal(task.depth, 2);
	assert_int_equal(task.weight, 5);
	assert_int_equal(inspection_print(&board, "restored"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(a_worker_that_lives_keeps_its_task),
	TEST(a_worker_that_died_has_lost_it),
	TEST(a_reused_pid_does_not_keep_the_dead_workers_task),
	TEST(a_start_time_that_is_not_known_is_no_proof_of_death),
	TEST(pids_of_another_namespace_are_ignored),
	TEST(references_and_serials_of_the_old_board_are_not_given_again),
	TEST(a_serial_below_the_newest_is_replaced),
	TEST(a_keeper_that_lives_keeps_its_task),
	TEST(a_keeper_that_died_has_lost_it),
	TEST(after_a_reboot_no_keeper_lives),
	TEST(a_worker_that_died_after_a_request_to_cancel_has_cancelled),
	TEST(families_are_restored),
};

SUITE(tests)
