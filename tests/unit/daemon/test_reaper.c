/* SPDX-License-Identifier: MIT */
/* Reclaiming reads expired tasks only, not live ones: neither their bodies nor their details, and
 * few of their heads. Pages that must not be visited are watched (tests/harness/visits.h). */
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "libclient/record/worker.h"
#include "libclient/signal/event.h"
#include "tests/harness/bare_daemon.h"
#include "tests/harness/client.h"
#include "tests/harness/visits.h"
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
	/* This many bodies, and this many details, fill whole pages. */
	BLOCK = 32,
	CAPACITY = 16384,
	BLOCKS = CAPACITY / 2 / BLOCK,
	LIMIT_MS = 20000,
};

enum life { PENDING, COMPLETED, ACTIVE, SHORT, LIVES };

static uint64_t worker; /* ourselves */

static void claim(void)
{
	worker = client_claim(&bare_daemon.board, getpid());
}

/* ---- Tasks --------------------------------------------------------------- */

static void live(struct trackd_ref ref, enum life life)
{
	static const struct record_end completed = { .state = TRACKD_COMPLETED, .message = "" };
	struct board *board = &bare_daemon.board;

	if (life == COMPLETED)
		HARNESS_MUST(record_end(board, ref, &completed, harness_soon()));
	if (life == ACTIVE)
		HARNESS_MUST(record_update(board, ref, 0, NULL, worker, harness_soon()));
}

static void make_task(uint32_t slot, enum life life)
{
	char id[32];
	const struct tenant_new task = { .id = id,
					 .owner = "alice",
					 .name = id,
					 .message = "",
					 .ttl_ms = life == SHORT ? 1 : 0 };
	struct trackd_ref ref;

	snprintf(id, sizeof id, "task-%u", slot);
	HARNESS_MUST(tenant_create(&bare_daemon.board, &task, harness_soon(), &ref));
	assert_int_equal(ref.slot, slot); /* so that its neighbours are known */
	live(ref, life);
}

/* Blocks of each life in turn. */
static enum life life_of(uint32_t block)
{
	return (enum life)(block % LIVES);
}

static void make_blocks(void)
{
	for (uint32_t slot = 0; slot < BLOCKS * BLOCK; slot++)
		make_task(slot, life_of(slot / BLOCK));
}

static void watch_blocks_of(enum life life)
{
	struct board *board = &bare_daemon.board;

	for (uint32_t block = life; block < BLOCKS; block += LIVES) {
		visits_watch(&board->bodies[(size_t)block * BLOCK],
			     BLOCK * sizeof board->bodies[0]);
		visits_watch(&board->details[(size_t)block * BLOCK],
			     BLOCK * sizeof board->details[0]);
	}
}

/* ---- Reclaiming ---------------------------------------------------------- */

static uint64_t expired(void)
{
	return load_relaxed(&bare_daemon.board.header->counters.expired);
}

static void read_events(void)
{
	enum reaper_result result;

	while ((result = reaper_events(&bare_daemon.reaper)) == REAPER_MORE)
		;
	assert_int_equal(result, REAPER_DONE);
	reaper_arm(&bare_daemon.reaper);
}

static bool turn_until(uint64_t n)
{
	(void)bare_daemon_turn();
	return expired() >= n && !bare_daemon_sweeps();
}

static void reclaim(uint64_t n)
{
	HARNESS_WAIT(turn_until(n), LIMIT_MS);
	assert_int_equal(expired(), n);
}

static void assert_nobody_was_visited(void)
{
	const char *at = visits_first();
	const struct board *board = &bare_daemon.board;

	if (visits_count() == 0)
		return;
	if (at < (const char *)board->details)
		fail_msg("%u pages of the living were visited, first the body in slot %td",
			 visits_count(),
			 (at - (const char *)board->bodies) / (ptrdiff_t)sizeof board->bodies[0]);
	fail_msg("%u pages of the living were visited, first the details of slot %td",
		 visits_count(),
		 (at - (const char *)board->details) / (ptrdiff_t)sizeof board->details[0]);
}

static void timers_visit_neither_bodies_nor_details_of_the_living(void **state)
{
	(void)state;
	make_blocks();
	bare_daemon_reclaim(0);
	read_events();
	watch_blocks_of(PENDING);
	watch_blocks_of(COMPLETED);
	watch_blocks_of(ACTIVE);
	reclaim(BLOCKS * BLOCK / LIVES);
	assert_nobody_was_visited();
}

/* More tasks expire at once than the event ring holds, so the daemon is lapped by its own events.
 * An active task may have lost its worker, which only the body shows. */
static void a_scan_of_the_heads_visits_bodies_only_of_the_active(void **state)
{
	(void)state;
	make_blocks();
	bare_daemon_reclaim(event_head(&bare_daemon.board));
	watch_blocks_of(PENDING);
	watch_blocks_of(COMPLETED);
	sweep_ask(&bare_daemon.sweep, SWEEP_HEADS);
	reclaim(BLOCKS * BLOCK / LIVES);
	assert_nobody_was_visited();
}

/* Each chain contains a few heads of other tasks. */
static void few_that_expire_cost_few_heads_among_many(void **state)
{
	enum { FEW = 16, A_CHAIN = 4 };
	struct board *board = &bare_daemon.board;

	(void)state;
	for (uint32_t slot = 0; slot < CAPACITY - BLOCK; slot++)
		make_task(slot, slot >= BLOCK && slot < BLOCK + FEW ? SHORT : PENDING);
	bare_daemon_reclaim(0);
	read_events();
	visits_watch(board->heads, CAPACITY * sizeof board->heads[0]);
	reclaim(FEW);
	printf("# %u pages of heads visited for %d tasks, of %zu pages\n", visits_count(), FEW,
	       CAPACITY * sizeof board->heads[0] / LAYOUT_PAGE);
	assert_in_range(visits_count(), 1, FEW * A_CHAIN);
}

/* ---- What a scan must find all the same ------------------------------------ */

/* A task whose worker has left the client table without being noticed. */
static struct trackd_ref orphan(void)
{
	struct trackd_ref ref = harness_create(&bare_daemon.board, "orphan", NULL);

	live(ref, ACTIVE);
	worker_free(&bare_daemon.board, (uint32_t)worker - 1, (uint32_t)(worker >> 32));
	bare_daemon_reclaim(event_head(&bare_daemon.board));
	return ref;
}

static bool turn_until_failed(struct trackd_ref ref)
{
	(void)bare_daemon_turn();
	return bare_daemon_state_of(ref) == TRACKD_FAILED;
}

static void a_scan_of_the_heads_finds_tasks_that_lost_their_worker(void **state)
{
	(void)state;
	struct trackd_ref ref = orphan();
	sweep_ask(&bare_daemon.sweep, SWEEP_HEADS);
	HARNESS_WAIT(turn_until_failed(ref), LIMIT_MS);
}

/* Its writer died before it wrote the hint. */
static void a_scan_of_the_locks_does_so_whatever_the_hint_says(void **state)
{
	(void)state;
	struct trackd_ref ref = orphan();
	store_relaxed(&bare_daemon.board.heads[ref.slot].hint, 0);
	sweep_ask(&bare_daemon.sweep, SWEEP_LOCKS);
	HARNESS_WAIT(turn_until_failed(ref), LIMIT_MS);
}

#define RECLAIMER(test) BARE_DAEMON(test, CAPACITY, claim, visits_end)

static const struct CMUnitTest tests[] = {
	RECLAIMER(timers_visit_neither_bodies_nor_details_of_the_living),
	RECLAIMER(a_scan_of_the_heads_visits_bodies_only_of_the_active),
	RECLAIMER(few_that_expire_cost_few_heads_among_many),
	RECLAIMER(a_scan_of_the_heads_finds_tasks_that_lost_their_worker),
	RECLAIMER(a_scan_of_the_locks_does_so_whatever_the_hint_says),
};

SUITE(tests)
