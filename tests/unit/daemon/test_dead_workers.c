/* SPDX-License-Identifier: MIT */
/* Deaths at the same time as that of a worker with many tasks. */
#include "libclient/record/worker.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include <signal.h>
#include <stdio.h>

enum { CAPACITY = 32768, MANY = 20000, A_TURN = 1024 };

static struct worker_info big, small;
static struct trackd_ref many[MANY], few[3]; /* few: in slots before, among and after the many */

static uint64_t start_worker(struct worker_info *ret_worker)
{
	struct board *board = &bare_daemon.board;
	uint64_t number = client_claim(board, client_start());

	if (!worker_resolve(board, number, ret_worker))
		harness_die("the worker is not on the board");
	return number;
}

static struct trackd_ref give_task(uint64_t worker)
{
	static unsigned n;
	char id[32];

	snprintf(id, sizeof id, "task-%u", n++);
	return bare_daemon_give(id, worker);
}

static void start_workers(void)
{
	uint64_t big_number = start_worker(&big), small_number = start_worker(&small);

	few[0] = give_task(small_number);
	for (int i = 0; i < MANY; i++) {
		many[i] = give_task(big_number);
		if (i == MANY / 2)
			few[1] = give_task(small_number);
	}
	few[2] = give_task(small_number);
}

static void end_workers(void)
{
	(void)harness_kill(big.pid, SIGKILL);
	(void)harness_kill(small.pid, SIGKILL);
}

static bool is_active(struct trackd_ref ref)
{
	return bare_daemon_state_of(ref) == TRACKD_ACTIVE;
}

static int n_active(void)
{
	int n = 0;

	for (int i = 0; i < MANY; i++)
		n += is_active(many[i]);
	return n;
}

static bool few_are_active(void)
{
	return is_active(few[0]) || is_active(few[1]) || is_active(few[2]);
}

/* The death of the small one comes second, and its few tasks end first. */
static void small_ends_before_big(void)
{
	dead_workers_add(&bare_daemon.dead_workers, &small, 0);
	while (few_are_active())
		(void)bare_daemon_turn();
	assert_true(n_active() > MANY / 2);
	while (bare_daemon.dead_workers.n_dead > 0)
		(void)bare_daemon_turn();
	assert_int_equal(n_active(), 0);
}

static void a_turn_ends_a_bounded_number_of_tasks(void **state)
{
	int left = MANY;

	(void)state;
	dead_workers_add(&bare_daemon.dead_workers, &big, 0);
	while (bare_daemon.dead_workers.n_dead > 0) {
		(void)bare_daemon_turn();
		int now = n_active();
		assert_in_range(left - now, 0, A_TURN);
		left = now;
	}
	assert_int_equal(left, 0);
	assert_int_equal(bare_daemon.n_after, 1);
	assert_true(is_active(few[0]));
}

static void deaths_do_not_wait_for_a_worker_with_many_tasks(void **state)
{
	(void)state;
	dead_workers_add(&bare_daemon.dead_workers, &big, 0);
	(void)bare_daemon_turn();
	(void)bare_daemon_turn();
	assert_true(few_are_active());
	small_ends_before_big();
}

static void all_deaths_at_once_are_served_in_turn(void **state)
{
	(void)state;
	dead_workers_add(&bare_daemon.dead_workers, &big, 0);
	small_ends_before_big();
}

#define WITH_WORKERS(test) BARE_DAEMON(test, CAPACITY, start_workers, end_workers)

static const struct CMUnitTest tests[] = {
	WITH_WORKERS(a_turn_ends_a_bounded_number_of_tasks),
	WITH_WORKERS(deaths_do_not_wait_for_a_worker_with_many_tasks),
	WITH_WORKERS(all_deaths_at_once_are_served_in_turn),
};

SUITE(tests)
