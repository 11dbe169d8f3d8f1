/* SPDX-License-Identifier: MIT */
/* Replaying from the ring: a stream gets all its own transitions in order, and an error if some are
 * lost. */
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include "tools/trackd-http/board/replay.h"
#include <stdlib.h>

struct ring {
	struct private_daemon daemon;
	struct trackd *trackd;
	struct replay *replay;
	struct trackd_ref a, b;
};

static struct trackd_ref create(struct ring *ring, const char *id, const char *owner)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	task.id = id;
	task.owner = owner;
	HARNESS_MUST(trackd_create(ring->trackd, &task, &ref));
	return ref;
}

static int ring_setup(void **state)
{
	struct ring *ring = calloc(1, sizeof *ring);

	private_daemon_start(&ring->daemon, NULL);
	ring->trackd = private_daemon_open(&ring->daemon, TRACKD_OPEN_WRITE);
	HARNESS_MUST(replay_new(&ring->replay));
	ring->a = create(ring, "a", "ada");
	ring->b = create(ring, "b", "eve");
	*state = ring;
	return 0;
}

static int ring_teardown(void **state)
{
	struct ring *ring = *state;

	replay_free(ring->replay);
	trackd_close(ring->trackd);
	private_daemon_remove(&ring->daemon);
	free(ring);
	return 0;
}

static uint64_t ring_head(struct ring *ring)
{
	struct trackd_cursor cursor;

	trackd_cursor_now(ring->trackd, &cursor);
	return cursor.next;
}

static void move(struct ring *ring, struct trackd_ref ref, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		HARNESS_MUST(trackd_update(ring->trackd, ref, (int)(i % 5), NULL));
}

/* How many transitions of it there are from a sequence on, each a stage further. */
static unsigned count(struct ring *ring, const struct replay_of *of, uint64_t from)
{
	uint64_t head = ring_head(ring), sequence = from, before = 0;
	struct trackd_event event = TRACKD_EVENT_INIT;
	unsigned n = 0;
	int result;

	while ((result = replay_next(ring->replay, ring->trackd, of, &sequence, head, &event)) ==
	       1) {
		assert_true(sequence == event.sequence + 1);
		assert_true(n == 0 || event.sequence > before);
		assert_true(of->owner || event.ref.slot == of->ref.slot);
		before = event.sequence;
		n++;
	}
	assert_int_equal(result, 0);
	assert_true(sequence == head);
	return n;
}

static void of_all_transitions_its_own_are_found(void **state)
{
	struct ring *ring = *state;
	struct replay_of of_a = { .ref = ring->a }, of_b = { .ref = ring->b };
	struct replay_of of_ada = { .owner = true,
				    .owner_hash = trackd_owner_hash(ring->trackd, "ada") };
	uint64_t begin = ring_head(ring);

	for (unsigned i = 0; i < 100; i++) {
		move(ring, ring->a, 1 + i % 2);
		move(ring, ring->b, 5);
	}
	/* Backwards, so that the table is filled before what it has. */
	assert_int_equal(count(ring, &of_b, ring_head(ring) - 5), 5);
	assert_int_equal(count(ring, &of_b, begin + 2), 500 - 1);
	unsigned n = count(ring, &of_a, begin);
	assert_true(n >= 100);
	assert_int_equal(count(ring, &of_ada, begin), n);
	assert_int_equal(count(ring, &of_a, begin - 2), n + 1); /* and that it was created */
}

static void what_the_ring_has_overwritten_is_said_to_be_lost(void **state)
{
	struct ring *ring = *state;
	struct replay_of of_a = { .ref = ring->a };
	uint64_t begin = ring_head(ring), sequence = begin;
	struct trackd_event event = TRACKD_EVENT_INIT;

	move(ring, ring->a, 10);
	assert_int_equal(count(ring, &of_a, begin), 10);
	assert_true(replay_readable(ring->trackd, begin) == begin);
	assert_true(replay_time_before(ring->trackd, ring_head(ring)) > 0);
	move(ring, ring->b, TRACKD_EVENTS);
	assert_int_equal(
		replay_next(ring->replay, ring->trackd, &of_a, &sequence, ring_head(ring), &event),
		TRACKD_E_LAPPED);
	sequence = replay_readable(ring->trackd, begin);
	assert_true(sequence == ring_head(ring) - TRACKD_EVENTS);
	assert_int_equal(replay_time_before(ring->trackd, begin), 0);
	/* The places of the old ones are the new ones'. */
	assert_int_equal(count(ring, &of_a, sequence), 0);
	move(ring, ring->a, 3);
	assert_int_equal(count(ring, &of_a, ring_head(ring) - 100), 3);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(of_all_transitions_its_own_are_found, ring_setup,
					ring_teardown),
	cmocka_unit_test_setup_teardown(what_the_ring_has_overwritten_is_said_to_be_lost,
					ring_setup, ring_teardown),
};

SUITE(tests)
