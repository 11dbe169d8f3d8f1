/* SPDX-License-Identifier: MIT */
/* What a snapshot keeps of how a task ended. */
#include "daemon/board/restore.h"
#include "daemon/board/snapshot.h"
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/layout_words.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 64, TASKS = 3 };

static const struct snapshot_place place = { ".", "/unit" };
static struct board board, fresh;

static int make_boards(void **state)
{
	char id[32];

	(void)state;
	harness_board(&board, CAPACITY);
	harness_board(&fresh, CAPACITY);
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		harness_create(&board, id, i % 2 ? "alice" : "bob");
	}
	return 0;
}

static int free_boards(void **state)
{
	(void)state;
	harness_board_free(&board);
	harness_board_free(&fresh);
	return 0;
}

static int copy_by_id(const struct board *from, const char *id, struct trackd_task *task)
{
	struct trackd_ref ref;
	int error = view_lookup(from, id, 0, &ref);

	return error < 0 ? error : view_copy(from, ref, 0, task);
}

static void activate(const char *id, pid_t pid)
{
	struct trackd_ref ref;
	uint64_t worker;

	harness_must(worker_claim(&board, pid, &worker), "claim");
	harness_must(view_lookup(&board, id, 0, &ref), id);
	harness_must(
		record_update(&board, ref, TRACKD_EMBEDDING, "at work", worker, harness_soon()),
		"update");
	harness_must(record_set_total(&board, ref, 50, harness_soon()), "total");
	harness_must(record_advance(&board, ref, 20), "advance");
}
/* What a failed task was doing survives a second snapshot as well. */
static void the_last_message_is_restored(void **state)
{
	static const struct record_end end = {
		TRACKD_FAILED, TRACKD_REASON_ERROR, "Failed", "no", 0, 0
	};
	struct restore_count count;
	static struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	activate("task-1", getpid());
	harness_must(view_lookup(&board, "task-1", 0, &ref), "task-1");
	harness_must(record_end(&board, ref, &end, harness_soon()), "end");
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	harness_must(copy_by_id(&fresh, "task-1", &task), "copy");
	assert_string_equal(task.message, "Failed");
	assert_string_equal(task.last_message, "at work");
	assert_int_equal(task.last_progress, 52);
}

static void how_a_worker_died_is_restored(void **state)
{
	struct record_end end = { TRACKD_FAILED,
				  TRACKD_REASON_WORKER_LOST,
				  "Failed",
				  "lost",
				  0,
				  cause_make(CAUSE_EXITED, 0, 3) };
	struct restore_count count;
	static struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	activate("task-1", getpid());
	harness_must(view_lookup(&board, "task-1", 0, &ref), "task-1");
	harness_must(record_end(&board, ref, &end, harness_soon()), "end");
	assert_int_equal(snapshot_write(&board, &place), TASKS);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	harness_must(copy_by_id(&fresh, "task-1", &task), "copy");
	assert_int_equal(task.worker_exit, TRACKD_EXIT_STATUS);
	assert_int_equal(task.worker_exit_number, 3);
	assert_int_equal(task.worker_exit_flags, 0);
	harness_must(copy_by_id(&fresh, "task-2", &task), "copy");
	assert_int_equal(task.worker_exit, TRACKD_EXIT_UNKNOWN);
}

static void labels_and_results_are_restored(void **state)
{
	static const struct tenant_new labelled = {
		.id = "labelled", .owner = "", .name = "", .message = "", .labels = "batch=7\nnote="
	};
	static const struct record_end end = {
		TRACKD_COMPLETED, TRACKD_REASON_NONE, "Done", "12 pages", 0, 0
	};
	struct restore_count count;
	static struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	harness_must(tenant_create(&board, &labelled, harness_soon(), &ref), "create");
	harness_must(record_end(&board, ref, &end, harness_soon()), "end");
	assert_int_equal(snapshot_write(&board, &place), TASKS + 1);
	assert_int_equal(restore_snapshot(&fresh, &place, &count), 0);
	harness_must(copy_by_id(&fresh, "labelled", &task), "copy");
	assert_string_equal(task.labels, labelled.labels);
	assert_string_equal(task.result, "12 pages");
	assert_string_equal(task.error, "");
}

#define WITH_BOARDS(test) cmocka_unit_test_setup_teardown(test, make_boards, free_boards)

static const struct CMUnitTest tests[] = {
	WITH_BOARDS(the_last_message_is_restored),
	WITH_BOARDS(how_a_worker_died_is_restored),
	WITH_BOARDS(labels_and_results_are_restored),
};

int main(void)
{
	harness_enter_folder();
	return suite_run(tests);
}
