/* SPDX-License-Identifier: MIT */
/* The sweep: it retries locked records, and locks no stripe twice in a row. */
#include "libclient/record/recount.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include <signal.h>

enum {
	SLOTS = 65536,
	CAPACITY = SLOTS - LAYOUT_SPARE,
	SLICES = 4,
	LIMIT_MS = 20000,
};

static pid_t holder;

static void reclaim(void)
{
	bare_daemon_reclaim(0);
}

static void end_holder(void)
{
	if (holder > 0)
		(void)harness_kill(holder, SIGKILL);
	holder = 0;
}

/* ---- Records ----------------------------------------------------------------- */

static int claim(void *unused)
{
	uint32_t slot, generation;

	(void)unused;
	return ring_claim(&bare_daemon.board, harness_soon(), &slot, &generation);
}

/* If a process that is not a worker dies while it holds a lock, only the sweep's timer causes
 * another check. */
static void a_locked_slot_is_retried(void **state)
{
	struct bare_daemon *d = &bare_daemon;
	const struct layout_head *head = &d->board.heads[0];

	(void)state;
	holder = client_holding(claim, NULL);
	sweep_ask(&d->sweep, SWEEP_HEADS);
	HARNESS_WAIT(bare_daemon_turn() && !bare_daemon_sweeps(), LIMIT_MS);
	assert_int_equal(stamp_state(head->stamp), SLOT_CLAIMED);
	end_holder();
	HARNESS_WAIT(bare_daemon_turn() && stamp_state(head->stamp) == SLOT_FREE, LIMIT_MS);
	assert_int_equal(slot_next_used(&d->board, 0), SLOTS);
}

/* ---- Stripes ----------------------------------------------------------------- */

/* No stripe is two slices ahead of another, so 255 others are locked between two slices of one, and
 * a producer that waits for it gets it. */
static void a_stripe_is_free_while_the_others_are_counted(void **state)
{
	struct bare_daemon *d = &bare_daemon;
	unsigned turns = 0;

	(void)state;
	assert_int_equal(repair_slices(&d->board), SLICES);
	sweep_ask(&d->sweep, SWEEP_STRIPES);
	while (bare_daemon_sweeps()) {
		uint32_t most = 0, least = UINT32_MAX;

		bare_daemon_turn();
		for (uint32_t i = 0; i < LAYOUT_STRIPES; i++) {
			uint32_t slices = recount_slices(d->board.id_stripes[i].recount);
			most = slices > most ? slices : most;
			least = slices < least ? slices : least;
		}
		/* In the last round a stripe's slices go from SLICES - 1 to 0. */
		assert_true(most - least <= 1 || (most == SLICES - 1 && least == 0));
		turns += most > least;
	}
	assert_true(turns >= SLICES);
}

static void one_stripe_that_is_held_does_not_keep_the_others_wrong(void **state)
{
	struct bare_daemon *d = &bare_daemon;

	(void)state;
	for (int i = 2; i < 5; i++)
		d->board.id_stripes[i].count = 9;
	holder = client_holding_lock(&d->board.id_stripes[3].mutex);
	sweep_ask(&d->sweep, SWEEP_STRIPES);
	HARNESS_WAIT(bare_daemon_turn() && !bare_daemon_sweeps(), LIMIT_MS);
	assert_int_equal(d->board.id_stripes[2].count, 0);
	assert_int_equal(d->board.id_stripes[3].count, 9);
	assert_int_equal(d->board.id_stripes[4].count, 0);
	end_holder();
	HARNESS_WAIT(bare_daemon_turn() && d->board.id_stripes[3].count == 0, LIMIT_MS);
}

#define RECLAIMER(test) BARE_DAEMON(test, CAPACITY, reclaim, end_holder)

static const struct CMUnitTest tests[] = {
	RECLAIMER(a_locked_slot_is_retried),
	RECLAIMER(a_stripe_is_free_while_the_others_are_counted),
	RECLAIMER(one_stripe_that_is_held_does_not_keep_the_others_wrong),
};

SUITE(tests)
