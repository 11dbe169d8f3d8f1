/* SPDX-License-Identifier: MIT */
/* Deaths beside the death of a worker that had many tasks. */
#include "daemon/workers/dead_workers.h"
#include "libclient/record/record.h"
#include "libclient/record/worker.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 32768, MANY = 20000, A_TURN = 1024, TURN_USEC = 10000 };

static struct daemon {
	struct board board;
	sd_event *event;
	struct dead_workers dead_workers;
	struct worker_info big, small;
	struct trackd_ref many[MANY], few[3]; /* few: in slots before, among and behind the many */
	int ended;
} daemon_;

static void after(void *unused)
{
	(void)unused;
	daemon_.ended++;
}

static void start_worker(struct worker_info *ret_worker, uint64_t *ret_number)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		for (;;)
			pause();
	HARNESS_MUST(worker_claim(&daemon_.board, pid, ret_number));
	assert_true(worker_resolve(&daemon_.board, *ret_number, ret_worker));
}

static struct trackd_ref give_task(uint64_t worker)
{
	static unsigned n;
	char id[32];

	snprintf(id, sizeof id, "task-%u", n++);
	struct trackd_ref ref = harness_create(&daemon_.board, id, NULL);
	HARNESS_MUST(record_update(&daemon_.board, ref, 0, NULL, worker, harness_soon()));
	return ref;
}

static int setup(void **state)
{
	struct daemon *d = &daemon_;
	uint64_t big, small;

	(void)state;
	memset(d, 0, sizeof *d);
	harness_board(&d->board, CAPACITY);
	HARNESS_MUST(sd_event_new(&d->event));
	HARNESS_MUST(dead_workers_init(&d->dead_workers, d->event, &d->board, after, NULL));
	start_worker(&d->big, &big);
	start_worker(&d->small, &small);
	d->few[0] = give_task(small);
	for (int i = 0; i < MANY; i++) {
		d->many[i] = give_task(big);
		if (i == MANY / 2)
			d->few[1] = give_task(small);
	}
	d->few[2] = give_task(small);
	return 0;
}

static int teardown(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	(void)harness_kill(d->big.pid, SIGKILL);
	(void)harness_kill(d->small.pid, SIGKILL);
	dead_workers_free(&d->dead_workers);
	sd_event_unref(d->event);
	harness_board_free(&d->board);
	return 0;
}

static void turn(void)
{
	HARNESS_MUST(sd_event_run(daemon_.event, TURN_USEC));
}

static bool is_active(struct trackd_ref ref)
{
	uint64_t worker, work;
	uint8_t state = UINT8_MAX;

	return record_peek(&daemon_.board, ref, &state, &worker, &work) && state == TRACKD_ACTIVE;
}

static int n_active(void)
{
	int n = 0;

	for (int i = 0; i < MANY; i++)
		n += is_active(daemon_.many[i]);
	return n;
}

static bool few_are_active(void)
{
	return is_active(daemon_.few[0]) || is_active(daemon_.few[1]) || is_active(daemon_.few[2]);
}

static void a_turn_ends_a_bounded_number_of_tasks(void **state)
{
	int left = MANY;

	(void)state;
	dead_workers_add(&daemon_.dead_workers, &daemon_.big);
	while (daemon_.dead_workers.n_dead > 0) {
		turn();
		int now = n_active();
		assert_in_range(left - now, 0, A_TURN);
		left = now;
	}
	assert_int_equal(left, 0);
	assert_int_equal(daemon_.ended, 1);
	assert_true(is_active(daemon_.few[0]));
}

static void deaths_do_not_wait_for_one_who_had_many_tasks(void **state)
{
	(void)state;
	dead_workers_add(&daemon_.dead_workers, &daemon_.big);
	turn();
	turn();
	assert_true(few_are_active());
	dead_workers_add(&daemon_.dead_workers, &daemon_.small);
	while (few_are_active())
		turn();
	assert_true(n_active() > MANY / 2);
	while (daemon_.dead_workers.n_dead > 0)
		turn();
	assert_int_equal(n_active(), 0);
}

static void all_deaths_at_once_are_served_in_turn(void **state)
{
	(void)state;
	dead_workers_add(&daemon_.dead_workers, &daemon_.big);
	dead_workers_add(&daemon_.dead_workers, &daemon_.small);
	while (few_are_active())
		turn();
	assert_true(n_active() > MANY / 2);
	while (daemon_.dead_workers.n_dead > 0)
		turn();
	assert_int_equal(n_active(), 0);
}

#define OWN_DAEMON(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_DAEMON(a_turn_ends_a_bounded_number_of_tasks),
		OWN_DAEMON(deaths_do_not_wait_for_one_who_had_many_tasks),
		OWN_DAEMON(all_deaths_at_once_are_served_in_turn),
	};

	return suite_run(tests);
}
