/* SPDX-License-Identifier: MIT */
/* When a task that makes no progress is ended, by the counter alone: at times that the test chooses. */
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include <stdio.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static struct progress_watch watch;
static struct trackd_ref task;

static void prepare(void)
{
	struct board *board = &bare_daemon.board;
	const struct tenant_new new = {
		.id = "a", .owner = "", .name = "", .message = "", .within.progress = 80
	};

	HARNESS_MUST(progress_watch_init(&watch, bare_daemon.event, board));
	HARNESS_MUST(tenant_create(board, &new, harness_soon(), &task));
	HARNESS_MUST(
		record_update(board, task, 1, NULL, client_claim(board, getpid()), harness_soon()));
}

static void tidy(void)
{
	progress_watch_free(&watch);
}

/* See the task's event, and serve timers until then. Returns when it was served last. */
static uint64_t look(void)
{
	struct limits limits;
	uint64_t now = clock_boot_ns();

	if (limits_read(&bare_daemon.board, task, &limits))
		progress_watch_look(&watch, task, &limits, now);
	progress_watch_arm(&watch);
	return now;
}

static bool is_over(void)
{
	(void)bare_daemon_turn();
	return bare_daemon_state_of(task) == TRACKD_FAILED;
}

static uint64_t ended_at(void)
{
	struct trackd_task copy = TRACKD_TASK_INIT;

	HARNESS_MUST(view_copy(&bare_daemon.board, task, 0, &copy));
	assert_int_equal(copy.reason, TRACKD_REASON_TIMED_OUT);
	return copy.updated_ns - (uint64_t)bare_daemon.board.header->wall_offset_ns;
}

static void a_task_that_does_nothing_ends(void **state)
{
	uint64_t since = look();

	(void)state;
	HARNESS_WAIT(is_over(), 5000);
	uint64_t took = ended_at() - since;
	printf("# ended %.1f ms after it began, limit 80 ms\n", (double)took / 1e6);
	assert_true(took >= 80 * NS_PER_MS);
}

static void an_advance_counts_from_when_it_was_seen(void **state)
{
	uint64_t last = 0;

	(void)state;
	(void)look();
	for (int i = 0; i < 40; i++) {
		HARNESS_MUST(record_advance(&bare_daemon.board, task, 1));
		last = clock_boot_ns();
		(void)bare_daemon_turn();
	}
	assert_int_equal(bare_daemon_state_of(task), TRACKD_ACTIVE);
	HARNESS_WAIT(is_over(), 5000);
	uint64_t took = ended_at() - last;
	printf("# ended %.1f ms after its last advance, limit 80 ms\n", (double)took / 1e6);
	assert_true(took >= 80 * NS_PER_MS);
}

/* The loop stood still for longer than the limit: nobody knows what happened meanwhile. */
static void after_a_time_away_the_limit_starts_anew(void **state)
{
	(void)state;
	(void)look();
	watch.tasks[task.slot].read -= 2 * NS_PER_S;
	watch.tasks[task.slot].moved -= 2 * NS_PER_S;
	uint64_t since = look();
	HARNESS_WAIT(is_over(), 5000);
	assert_true(ended_at() - since >= 80 * NS_PER_MS);
}

static void what_another_task_counted_says_nothing(void **state)
{
	(void)state;
	watch.tasks[task.slot] =
		(struct progress){ work_make(task.generation + 1, 0), 1, clock_boot_ns() };
	uint64_t since = look();
	HARNESS_WAIT(is_over(), 5000);
	assert_true(ended_at() - since >= 80 * NS_PER_MS);
}

#define WATCHED(test) BARE_DAEMON(test, CAPACITY, prepare, tidy)

static const struct CMUnitTest tests[] = {
	WATCHED(a_task_that_does_nothing_ends),
	WATCHED(an_advance_counts_from_when_it_was_seen),
	WATCHED(after_a_time_away_the_limit_starts_anew),
	WATCHED(what_another_task_counted_says_nothing),
};

SUITE(tests)
