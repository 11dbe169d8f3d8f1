/* SPDX-License-Identifier: MIT */
/* A board of layout 2 is taken over: each field of each task arrives. */
#include "tests/unit/daemon/upgrading.h"
#include <stdio.h>
#include <string.h>

/* ---- What arrives ------------------------------------------------------------ */

static void a_pending_task_arrives(void **state)
{
	const struct old_new new = { .id = "id",
				     .owner = "alice",
				     .name = "a name",
				     .message = "queued",
				     .total = 17,
				     .ttl_ms = 7000000,
				     .active_ttl_ms = 9000000 };

	(void)state;
	(void)old_create(&old, &new);
	take_over();
	struct trackd_task task = task_of("id");
	assert_string_equal(task.owner, "alice");
	assert_string_equal(task.name, "a name");
	assert_string_equal(task.message, "queued");
	assert_string_equal(task.status, "pending");
	assert_string_equal(task.kind_name, "document");
	assert_int_equal(task.total, 17);
	assert_int_equal(task.done, 0);
	assert_int_equal(task.revision, 1);
	assert_int_equal(task.stage, -1);
	assert_int_equal(task.flags, 0);
	assert_int_equal(task.ttl_ms, 7000000);
	assert_int_equal(task.active_ttl_ms, 9000000);
	assert_int_equal(task.worker_pid, 0);
	assert_int_equal(task.created_ns, task.updated_ns);
	assert_int_equal(task.expires_ns, task.updated_ns + 7000000 * NS_PER_MS);
}

static void a_task_at_work_arrives_with_its_history_and_its_worker(void **state)
{
	struct old_ref ref = create("id");

	(void)state;
	assert_int_equal(old_update(&old, ref, 0, "reading", worker), OLD_DONE);
	assert_int_equal(old_set_total(&old, ref, 10), OLD_DONE);
	assert_int_equal(old_advance(&old, ref, 4), OLD_DONE);
	assert_int_equal(old_update(&old, ref, 2, NULL, worker), OLD_DONE);
	assert_int_equal(old_advance(&old, ref, 5), OLD_DONE);
	assert_int_equal(old_cancel(&old, ref), OLD_DONE);
	take_over();
	struct trackd_task task = task_of("id");
	assert_int_equal(task.state, TRACKD_ACTIVE);
	assert_string_equal(task.status, "embedding");
	assert_string_equal(task.message, "reading");
	assert_int_equal(task.done, 5);
	assert_int_equal(task.revision, 5);
	assert_int_equal(task.flags, TRACKD_CANCEL_REQUESTED);
	assert_in_range(task.cancel_requested_ns, task.created_ns, task.updated_ns);
	assert_int_equal(task.worker_pid, getpid());
	assert_int_equal(task.worker_uid, getuid());
	assert_string_not_equal(task.worker_comm, "");
	assert_int_equal(task.stages[0].state, TRACKD_STAGE_DONE);
	assert_int_equal(task.stages[0].done, 4);
	assert_int_equal(task.stages[0].total, 10);
	assert_int_equal(task.stages[0].started_ns, task.started_ns);
	assert_in_range(task.stages[0].finished_ns, task.started_ns, task.stages[2].started_ns);
	assert_int_equal(task.stages[1].state, 0);
	assert_int_equal(task.stages[2].state, TRACKD_STAGE_RUNNING);
	/* A day at work, and an hour to be read after that. */
	assert_int_equal(task.expires_ns, task.updated_ns + (86400 + 3600) * NS_PER_S);
}

static void ended_tasks_arrive(void **state)
{
	(void)state;
	assert_int_equal(old_end(&old, active("well"), OLD_COMPLETED, "done"), OLD_DONE);
	assert_int_equal(old_end(&old, active("ill"), OLD_FAILED, "no space"), OLD_DONE);
	struct old_ref ref = active("given-up");
	assert_int_equal(old_advance(&old, ref, 3), OLD_DONE);
	assert_int_equal(old_end(&old, ref, OLD_CANCELLED, "stopped"), OLD_DONE);
	take_over();
	struct trackd_task task = task_of("well");
	assert_int_equal(task.state, TRACKD_COMPLETED);
	assert_int_equal(task.progress, 100);
	assert_string_equal(task.message, "done");
	assert_string_equal(task.error, "");
	assert_int_equal(task.stages[1].state, TRACKD_STAGE_DONE);
	assert_int_equal(task.worker_pid, getpid());
	task = task_of("ill");
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_ERROR);
	assert_string_equal(task.error, "no space");
	assert_string_equal(task.message, "Processing failed");
	assert_int_equal(task.stages[1].state, TRACKD_STAGE_ENDED);
	task = task_of("given-up");
	assert_int_equal(task.state, TRACKD_CANCELLED);
	assert_int_equal(task.reason, TRACKD_REASON_CANCELLED);
	assert_int_equal(task.done, 3);
	assert_int_equal(task.finished_ns, task.updated_ns);
}

static void kinds_keep_their_numbers(void **state)
{
	static const char *const stages[] = { "cut", "sew" };

	(void)state;
	for (int i = 1; i < 4; i++) {
		char name[32];
		snprintf(name, sizeof name, "kind-%d", i);
		assert_int_equal(old_kind(&old, name, stages, 2), i);
	}
	(void)old_create(&old, &(struct old_new){ .id = "id", .kind = 2 });
	take_over();
	assert_int_equal(kind_count(&board), 4);
	assert_int_equal(kind_find(&board, "kind-3"), 3);
	assert_string_equal(task_of("id").kind_name, "kind-2");
	assert_string_equal(task_of("id").stages[1].name, "sew");
	assert_int_equal(task_of("id").stages[1].percent, 50);
}

static void texts_at_their_limits_arrive(void **state)
{
	static char id[64], owner[64], name[256], message[192], error[512];
	const struct old_new new = { .id = id, .owner = owner, .name = name, .message = message };

	(void)state;
	memset(id, 'i', sizeof id - 1);
	memset(owner, 'o', sizeof owner - 1);
	memset(name, 'n', sizeof name - 1);
	memset(message, 'm', sizeof message - 1);
	memset(error, 'e', sizeof error - 1);
	(void)old_create(&old, &new);
	assert_int_equal(old_end(&old, active("failed"), OLD_FAILED, error), OLD_DONE);
	take_over();
	struct trackd_task task = task_of(id);
	assert_string_equal(task.owner, owner);
	assert_string_equal(task.name, name);
	assert_string_equal(task.message, message);
	assert_string_equal(task_of("failed").error, error);
}

static void statistics_go_on(void **state)
{
	uint64_t *counters = old_board_header(&old, 640);

	(void)state;
	for (uint64_t i = 0; i < 17; i++)
		counters[i] = 100 + i;
	take_over();
	assert_int_equal(board.header->counters.created, 100);
	assert_int_equal(board.header->counters.cancelled, 103);
	assert_int_equal(board.header->counters.attach_refused, 116);
}

/* The order of slots is not that of creation. */
static void tasks_come_in_the_order_of_creation(void **state)
{
	struct old_ref refs[8];
	char id[16];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(id, sizeof id, "t%d", i);
		refs[i] = create(id);
	}
	for (int i = 0; i < 8; i++) {
		uint64_t *created = old_detail(&old, refs[i].slot);
		*created -= (uint64_t)i * 1000000;
	}
	take_over();
	for (int i = 1; i < 8; i++) {
		char before[16];
		snprintf(id, sizeof id, "t%d", i);
		snprintf(before, sizeof before, "t%d", i - 1);
		assert_true(task_of(id).serial < task_of(before).serial);
	}
}

static void a_board_with_more_tasks_than_configured_keeps_its_capacity(void **state)
{
	char id[16];

	(void)state;
	for (int i = 0; i < 17; i++) {
		snprintf(id, sizeof id, "t%d", i);
		struct old_ref ref = create(id);
		assert_int_equal(old_end(&old, ref, OLD_COMPLETED, "done"), OLD_DONE);
	}
	config.capacity = 16;
	take_over();
	assert_int_equal(board.tasks_max, CAPACITY);
	assert_int_equal(slot_count(&board), 17);
}

/* A process died after it had created the task that replaces another one. */
static void a_full_board_on_which_a_replacement_was_interrupted_loses_nothing(void **state)
{
	char id[16];

	(void)state;
	for (uint32_t i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "t%u", i);
		struct old_ref ref = create(id);
		assert_int_equal(old_end(&old, ref, OLD_COMPLETED, "done"), OLD_DONE);
	}
	uint8_t *from = old_body(&old, 0), *to = old_body(&old, CAPACITY);
	memcpy(to, from, 64);
	memcpy(to + 112, from + 112, 640 - 112);
	memcpy(old_head(&old, CAPACITY), old_head(&old, 0), 64);
	memcpy(old_detail(&old, CAPACITY), old_detail(&old, 0), 1408);
	take_over();
	assert_int_equal(slot_count(&board), CAPACITY);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "t%u", i);
		(void)task_of(id);
	}
}

static void expired_tasks_stay_behind(void **state)
{
	(void)state;
	(void)old_create(&old, &(struct old_new){ .id = "old", .ttl_ms = 1 });
	(void)create("new");
	HARNESS_WAIT(clock_boot_ns() > *(uint64_t *)old_detail(&old, 0) + 5 * NS_PER_MS, 30000);
	take_over();
	assert_int_equal(slot_count(&board), 1);
}

/* ---- From elsewhere -------------------------------------------------------------- */

static void after_a_restart_of_the_host_no_worker_is_left(void **state)
{
	(void)state;
	(void)active("id");
	((uint8_t *)old_board_header(&old, 64))[0] ^= 1;
	assert_int_equal(try(true), 0);
	assert_int_equal(task_of("id").state, TRACKD_FAILED);
	assert_int_equal(task_of("id").reason, TRACKD_REASON_HOST_RESTART);
}

static void pids_of_another_namespace_mean_nobody(void **state)
{
	(void)state;
	(void)active("id");
	++*(uint64_t *)old_board_header(&old, 80);
	assert_int_equal(try(true), 0);
	assert_int_equal(task_of("id").state, TRACKD_FAILED);
	assert_int_equal(task_of("id").reason, TRACKD_REASON_WORKER_LOST);
	assert_int_equal(old_board_closed(&old), 2);
}

static const struct CMUnitTest tests[] = {
	TEST(a_pending_task_arrives),
	TEST(a_task_at_work_arrives_with_its_history_and_its_worker),
	TEST(ended_tasks_arrive),
	TEST(kinds_keep_their_numbers),
	TEST(texts_at_their_limits_arrive),
	TEST(statistics_go_on),
	TEST(tasks_come_in_the_order_of_creation),
	TEST(a_board_with_more_tasks_than_configured_keeps_its_capacity),
	TEST(a_full_board_on_which_a_replacement_was_interrupted_loses_nothing),
	TEST(expired_tasks_stay_behind),
	TEST(after_a_restart_of_the_host_no_worker_is_left),
	TEST(pids_of_another_namespace_mean_nobody),
};

SUITE(tests)
