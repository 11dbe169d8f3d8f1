/* SPDX-License-Identifier: MIT */
/*
 * Long work in slices: how much is done in one turn of the event loop, which request is next, and
 * that other events are handled in between. Measured in units of work and turns of the loop, not in
 * time.
 */
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/trackd-http/server/turns.h"
#include <sys/epoll.h>
#include <unistd.h>

enum { JOBS = 40, LONG = 20000, STEP = TURNS_WRITE };

struct job {
	struct turn turn;
	int left;      /* units of work */
	unsigned done; /* 0, or as which of all it was done */
};

static struct gateway gateway;
static struct turns *turns;
static struct job jobs[JOBS];
static unsigned n_done;
static int in_this_turn; /* of the event loop */

static bool work(struct turn *turn, int *units)
{
	struct job *job = (struct job *)(void *)turn;

	while (*units > 0 && job->left > 0) {
		*units -= STEP;
		job->left -= STEP;
		in_this_turn += STEP;
	}
	return job->left <= 0;
}

static void on_done(struct turn *turn)
{
	((struct job *)(void *)turn)->done = ++n_done;
}

static int begin(struct job *job, int units, const char *owner)
{
	*job = (struct job){ .turn = { .work = work, .done = on_done }, .left = units };
	return turns_enter(turns, &job->turn, owner);
}

/* One turn of the event loop. */
static void run(void)
{
	in_this_turn = 0;
	assert_true(sd_event_run(gateway.event, 0) >= 0);
	assert_true(in_this_turn <= TURNS_SLICE + STEP);
}

static int setup(void **state)
{
	(void)state;
	n_done = 0;
	HARNESS_MUST(sd_event_new(&gateway.event));
	HARNESS_MUST(turns_new(&gateway, &turns));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	turns_end(turns);
	turns_free(turns);
	gateway.event = sd_event_unref(gateway.event);
	return 0;
}

static void what_is_short_is_done_at_once(void **state)
{
	(void)state;
	assert_int_equal(begin(&jobs[0], TURNS_SLICE / 2, "ada"), 1);
	assert_int_equal(jobs[0].left, 0);
	/* A turn of the loop has one slice, however many requests share it. */
	assert_int_equal(begin(&jobs[1], TURNS_SLICE / 4, "ada"), 1);
	assert_int_equal(begin(&jobs[2], TURNS_SLICE / 2, "eve"), 0);
	assert_int_equal(begin(&jobs[3], STEP, "eve"), 0);
	assert_int_equal(jobs[2].left, TURNS_SLICE / 4);
	assert_int_equal(jobs[3].left, STEP);
	while (n_done < 2)
		run();
	assert_int_equal(jobs[2].done, 1);
	assert_int_equal(jobs[3].done, 2);
}

static void a_turn_of_the_loop_works_one_slice_whatever_waits(void **state)
{
	int turns_taken = 0;

	(void)state;
	for (int i = 0; i < JOBS; i++)
		(void)begin(&jobs[i], LONG, "ada");
	while (n_done < JOBS) {
		run();
		turns_taken++;
	}
	assert_in_range(turns_taken, JOBS * LONG / (TURNS_SLICE + STEP), UINT16_MAX);
	/* An owner's own are done in order, not all at the end. */
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].done, i + 1);
}

static void others_do_not_wait_for_one_who_asks_for_much(void **state)
{
	static struct job other, third;
	int turns_taken = 0;

	(void)state;
	for (int i = 0; i < JOBS; i++)
		(void)begin(&jobs[i], LONG, "ada");
	(void)begin(&other, 4 * TURNS_SLICE, "eve");
	(void)begin(&third, 4 * TURNS_SLICE, "bob");
	while (other.done == 0 || third.done == 0) {
		run();
		turns_taken++;
	}
	/* Every third slice is theirs. */
	assert_in_range(turns_taken, 1, 3 * 4 + 6);
	assert_int_equal(jobs[1].done, 0);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	char byte;

	(void)source;
	(void)revents;
	assert_int_equal(read(fd, &byte, 1), 1);
	++*(int *)data;
	return 0;
}

static void what_comes_over_the_network_has_its_turn_in_between(void **state)
{
	sd_event_source *source;
	int pipes[2], seen = 0;

	(void)state;
	HARNESS_MUST(pipe(pipes));
	HARNESS_MUST(
		sd_event_add_io(gateway.event, &source, pipes[0], EPOLLIN, on_readable, &seen));
	(void)begin(&jobs[0], 100 * LONG, "ada");
	for (int i = 1; i <= 50; i++) {
		assert_int_equal(write(pipes[1], "x", 1), 1);
		for (int n = 0; n < 3; n++)
			run();
		assert_int_equal(seen, i);
	}
	assert_true(jobs[0].left > 0);
	/* And neither does it keep the work from its own. */
	int before = jobs[0].left;
	for (int n = 0; n < 20; n++) {
		assert_int_equal(write(pipes[1], "x", 1), 1);
		run();
	}
	assert_in_range(before - jobs[0].left, 5 * TURNS_SLICE, 20 * (TURNS_SLICE + STEP));
	sd_event_source_unref(source);
	close(pipes[0]);
	close(pipes[1]);
}

static void who_leaves_is_not_called(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		(void)begin(&jobs[i], LONG, i % 2 ? "ada" : "eve");
	run();
	turns_leave(&jobs[0].turn); /* the first, the last and a whole lane */
	turns_leave(&jobs[0].turn);
	turns_leave(&jobs[5].turn);
	turns_leave(&jobs[2].turn);
	turns_leave(&jobs[4].turn);
	while (n_done < 2)
		run();
	assert_int_equal(jobs[1].done, 1);
	assert_int_equal(jobs[3].done, 2);
	assert_int_equal(jobs[0].done + jobs[2].done + jobs[4].done + jobs[5].done, 0);
	(void)begin(&jobs[0], LONG, "eve");
	turns_end(turns);
	assert_int_equal(jobs[0].done, 3);
	assert_true(jobs[0].left > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(what_is_short_is_done_at_once, setup, teardown),
	cmocka_unit_test_setup_teardown(a_turn_of_the_loop_works_one_slice_whatever_waits, setup,
					teardown),
	cmocka_unit_test_setup_teardown(others_do_not_wait_for_one_who_asks_for_much, setup,
					teardown),
	cmocka_unit_test_setup_teardown(what_comes_over_the_network_has_its_turn_in_between, setup,
					teardown),
	cmocka_unit_test_setup_teardown(who_leaves_is_not_called, setup, teardown),
};

SUITE(tests)
