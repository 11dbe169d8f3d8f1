/* SPDX-License-Identifier: MIT */
/*
 * No wake-up is lost between a producer that checks whether the daemon sleeps and a daemon that is
 * about to sleep. The library's and the daemon's code run on one processor each, often enough that
 * a missing fence shows. The test does not depend on time: a wake-up is lost if the producer has
 * returned and the sleeper was not woken.
 *
 * tests/run: serial timeout=300
 */
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <pthread.h>
#include <sched.h>

static void sleep_until_rung(struct board *board, uint32_t count, uint64_t deadline);

/* The doorbell's own round, with a sleep that this test can watch. */
#define event_doorbell_wait sleep_until_rung
#include "daemon/loop/doorbell.c" // NOLINT(bugprone-suspicious-include)

enum {
	CAPACITY = 16,
#ifdef TRACKD_TSAN
	TRANSITIONS = 50000,
#else
	TRANSITIONS = 500000,
#endif
};

static struct pair {
	struct board board;
	struct trackd_ref ref;
	uint64_t lost, slept;
} pair;

static _Alignas(64) uint64_t rung; /* transitions whose producer has returned */
static _Alignas(64) uint64_t seen; /* transitions that the sleeper has seen */

static void pin(unsigned processor)
{
	cpu_set_t allowed, one;
	unsigned n = 0;

	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return;
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed) && n++ == processor)
			CPU_SET(i, &one);
	(void)pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

static void linger(uint64_t n)
{
	for (uint64_t i = n; i > 0; i--)
		__asm__ volatile("" ::: "memory");
}

/* The other side may run on the same processor. */
static void relax(unsigned *spins)
{
	if (++*spins % 1024 == 0)
		(void)sched_yield();
}

static void *produce(void *unused)
{
	struct board *board = &pair.board;
	const struct layout_copy copy = { .state = TRACKD_ACTIVE };
	unsigned spins = 0;

	pin(1);
	for (uint64_t i = 0; i < TRANSITIONS; i++) {
		while (load_acquire(&seen) != i)
			relax(&spins);
		linger(i * 7 % 61);
		event_append(board, TRACKD_EVENT_STAGE, pair.ref.slot, pair.ref.generation, i,
			     &copy, 0);
		event_ring(board);
		store_release(&rung, i + 1);
	}
	return unused;
}

/* The producer increments the doorbell before it returns. */
static void sleep_until_rung(struct board *board, uint32_t count, uint64_t deadline)
{
	unsigned spins = 0;

	(void)deadline;
	pair.slept++;
	while (event_doorbell(board) == count && load_acquire(&rung) == seen)
		relax(&spins);
	pair.lost += event_doorbell(board) == count;
}

static void sleep_through_all(struct doorbell_loop *loop)
{
	unsigned spins = 0;

	for (uint64_t i = 0; i < TRANSITIONS; i++) {
		/* With another length each time, so that the two interleave at all their
		 * instructions. */
		linger(i * 37 % 1021);
		(void)wait_for_ring(loop);
		while (load_acquire(&rung) == i)
			relax(&spins);
		loop->position = event_head(loop->board);
		loop->pulse = take_pulse(loop->board);
		store_release(&seen, i + 1);
	}
}

/* Whether a turn sleeps although a producer published just before it set `armed`. */
static bool sleeps_through(struct doorbell_loop *loop, uint32_t *called)
{
	uint64_t slept = pair.slept;

	loop->position = event_head(loop->board);
	loop->pulse = take_pulse(loop->board);
	store_relaxed(&rung, seen + 1); /* if it sleeps, it ends at once */
	add_relaxed(called, 1);
	event_ring(loop->board);
	(void)wait_for_ring(loop);
	return pair.slept != slept;
}

int main(void)
{
	struct doorbell doorbell = { .board = &pair.board };
	struct doorbell_loop loop = { .doorbell = &doorbell, .board = &pair.board };
	pthread_t producer;

	harness_board(&pair.board, CAPACITY);
	pair.ref = harness_create(&pair.board, "task", NULL);
	loop.position = loop.checked = event_head(&pair.board);
	int error = pthread_create(&producer, NULL, produce, NULL);
	harness_must(-error, "a thread");
	pin(0); /* after the producer was started, which must not inherit it */
	sleep_through_all(&loop);
	pthread_join(producer, NULL);
	tap_ok(pair.lost == 0, "of %d transitions none leaves the sleeper asleep (%llu did)",
	       TRANSITIONS, (unsigned long long)pair.lost);
	tap_ok(pair.slept > 0 && pair.slept < TRANSITIONS,
	       "they come before and after its check (it slept before %llu)",
	       (unsigned long long)pair.slept);
	tap_ok(!sleeps_through(&loop, &pair.board.header->client_change),
	       "the daemon sees a new client that attached while it was awake");
	tap_ok(!sleeps_through(&loop, &pair.board.header->repair_due),
	       "the daemon sees a request for repair made while it was awake");
	harness_board_free(&pair.board);
	return tap_done();
}
