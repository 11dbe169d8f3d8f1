/* SPDX-License-Identifier: MIT */
/* The sweep: what is held by somebody is come back to, and no stripe is held twice in a row. */
#include "daemon/expiry/sweep.h"
#include "libclient/record/recount.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/segment/lock.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
	SLOTS = 65536,
	CAPACITY = SLOTS - LAYOUT_SPARE,
	SLICES = 4,
	LIMIT_MS = 20000,
	TURN_USEC = 10000
};

static struct daemon {
	struct board board;
	sd_event *event;
	struct dead_workers dead_workers;
	struct reaper reaper;
	struct sweep sweep;
	pid_t holder;
} daemon_;

static void after(void *unused)
{
	(void)unused;
}

static int setup(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	memset(d, 0, sizeof *d);
	harness_board(&d->board, CAPACITY);
	HARNESS_MUST(sd_event_new(&d->event));
	HARNESS_MUST(dead_workers_init(&d->dead_workers, d->event, &d->board, after, NULL));
	HARNESS_MUST(reaper_init(&d->reaper, d->event, &d->board, 0));
	HARNESS_MUST(sweep_init(&d->sweep, d->event, &d->board, &d->reaper, &d->dead_workers));
	return 0;
}

static int teardown(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	if (d->holder > 0)
		(void)harness_kill(d->holder, SIGKILL);
	sweep_free(&d->sweep);
	reaper_free(&d->reaper);
	dead_workers_free(&d->dead_workers);
	sd_event_unref(d->event);
	harness_board_free(&d->board);
	return 0;
}

static bool turn(void)
{
	HARNESS_MUST(sd_event_run(daemon_.event, TURN_USEC));
	return true;
}

/* A child does something with the board and goes on holding what it took. */
static void start_holder(void (*take)(void))
{
	int ready[2];
	char byte;

	harness_must(pipe(ready) < 0 ? -errno : 0, "pipe");
	daemon_.holder = harness_fork();
	if (daemon_.holder == 0) {
		take();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	harness_must(read(ready[0], &byte, 1) == 1 ? 0 : -EIO, "the holder's start");
	close(ready[0]);
}

static void end_holder(void)
{
	(void)harness_kill(daemon_.holder, SIGKILL);
	daemon_.holder = 0;
}

/* ---- Records ----------------------------------------------------------------- */

static void claim(void)
{
	uint32_t slot, generation;

	HARNESS_MUST(ring_claim(&daemon_.board, harness_soon(), &slot, &generation));
}

/* Nobody rings when a holder dies that nobody watches: only the sweep's own timer leads back. */
static void a_slot_that_was_held_is_come_back_to(void **state)
{
	struct daemon *d = &daemon_;
	const struct layout_head *head = &d->board.heads[0];

	(void)state;
	start_holder(claim);
	sweep_ask(&d->sweep, SWEEP_HEADS);
	HARNESS_WAIT(turn() && !sweep_running(&d->sweep), LIMIT_MS);
	assert_int_equal(stamp_state(head->stamp), SLOT_CLAIMED);
	end_holder();
	HARNESS_WAIT(turn() && stamp_state(head->stamp) == SLOT_FREE, LIMIT_MS);
	assert_int_equal(slot_next_used(&d->board, 0), SLOTS);
}

/* ---- Stripes ----------------------------------------------------------------- */

/* No stripe is two slices ahead of another one, so 255 others are held between two slices of one,
 * and who waits for it gets it. */
static void a_stripe_is_free_while_the_others_are_counted(void **state)
{
	struct daemon *d = &daemon_;
	unsigned turns = 0;

	(void)state;
	assert_int_equal(repair_slices(&d->board), SLICES);
	sweep_ask(&d->sweep, SWEEP_STRIPES);
	while (sweep_running(&d->sweep)) {
		uint32_t most = 0, least = UINT32_MAX;

		turn();
		for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
			uint32_t slices = recount_slices(d->board.id_stripes[i].recount);
			most = slices > most ? slices : most;
			least = slices < least ? slices : least;
		}
		/* In the last round a stripe's slices go from all but one to none. */
		assert_true(most - least <= 1 || (most == SLICES - 1 && least == 0));
		turns += most > least;
	}
	assert_true(turns >= SLICES);
}

static void hold_stripe(void)
{
	HARNESS_MUST(lock_take(&daemon_.board.id_stripes[3].mutex, harness_soon()));
}

static void one_stripe_that_is_held_does_not_keep_the_others_wrong(void **state)
{
	struct daemon *d = &daemon_;

	(void)state;
	for (int i = 2; i < 5; i++)
		d->board.id_stripes[i].count = 9;
	start_holder(hold_stripe);
	sweep_ask(&d->sweep, SWEEP_STRIPES);
	HARNESS_WAIT(turn() && !sweep_running(&d->sweep), LIMIT_MS);
	assert_int_equal(d->board.id_stripes[2].count, 0);
	assert_int_equal(d->board.id_stripes[3].count, 9);
	assert_int_equal(d->board.id_stripes[4].count, 0);
	end_holder();
	HARNESS_WAIT(turn() && d->board.id_stripes[3].count == 0, LIMIT_MS);
}

#define OWN_DAEMON(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_DAEMON(a_slot_that_was_held_is_come_back_to),
		OWN_DAEMON(a_stripe_is_free_while_the_others_are_counted),
		OWN_DAEMON(one_stripe_that_is_held_does_not_keep_the_others_wrong),
	};

	return suite_run(tests);
}
