/* SPDX-License-Identifier: MIT */
/* The event ring: complete entries in order, and the handling of incomplete ones. */
#include "libclient/index/index.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/signal/event.h"
#include "tests/harness/client.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <unistd.h>

static struct trackd_cursor cursor;
static struct trackd_event event;

static void begin(void)
{
	cursor = event_cursor(&own_board, 0);
}

static int next(void)
{
	return event_next(&own_board, &cursor, &event);
}

/* Events of one task, one after another. */
static void append(struct trackd_ref ref, uint64_t n)
{
	const struct layout_copy copy = { .state = TRACKD_ACTIVE, .stage = 2 };

	while (n-- > 0)
		event_append(&own_board, TRACKD_EVENT_STAGE, ref.slot, ref.generation, 1000, &copy,
			     n);
}

/* ---- Whole entries ------------------------------------------------------- */

static void a_tasks_events_are_in_order(void **state)
{
	static const struct {
		uint8_t type, state;
		int8_t stage;
		uint8_t reason;
	} told[] = {
		{ TRACKD_EVENT_CREATED, TRACKD_PENDING, -1, 0 },
		{ TRACKD_EVENT_STAGE, TRACKD_ACTIVE, 3, 0 },
		{ TRACKD_EVENT_CANCEL, TRACKD_ACTIVE, 3, 0 },
		{ TRACKD_EVENT_FINAL, TRACKD_FAILED, 3, TRACKD_REASON_ERROR },
		{ TRACKD_EVENT_REMOVED, TRACKD_FAILED, 3, TRACKD_REASON_ERROR },
	};
	const struct record_end failed = { TRACKD_FAILED, TRACKD_REASON_ERROR, "m", "e", 0, 0 };
	struct trackd_ref ref = own_create("task", "alice");
	uint64_t before = 0;

	(void)state;
	assert_int_equal(record_update(&own_board, ref, 3, NULL, 0, harness_soon()), 0);
	assert_int_equal(record_update(&own_board, ref, 3, "says something", 0, harness_soon()), 0);
	assert_int_equal(record_cancel(&own_board, ref, harness_soon()), TRACKD_CANCEL_ASKED);
	assert_int_equal(record_cancel(&own_board, ref, harness_soon()),
			 TRACKD_CANCEL_ASKED); /* no event */
	assert_int_equal(record_set_progress(&own_board, ref, 5, 9, harness_soon()), 0);
	assert_int_equal(record_end(&own_board, ref, &failed, harness_soon()), 0);
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_soon()), 0);
	for (uint64_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		assert_int_equal(next(), 1);
		assert_int_equal(event.sequence, i);
		assert_int_equal(event.type, told[i].type);
		assert_int_equal(event.state, told[i].state);
		assert_int_equal(event.stage, told[i].stage);
		assert_int_equal(event.reason, told[i].reason);
		assert_int_equal(ref_bits(event.ref), ref_bits(ref));
		assert_int_equal(event.owner_hash, index_owner_hash(&own_board, "alice"));
		assert_string_equal(event.id, "task");
		assert_int_equal(event.kind, 0);
		assert_true(event.time_ns >= before);
		before = event.time_ns;
	}
	assert_int_equal(event.done, 5);
	assert_int_equal(event.total, 9);
	assert_int_equal(next(), 0);
	assert_int_equal(cursor.lost, 0);
}

static void an_expired_task_differs_from_a_removed_one(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	own_board.heads[ref.slot].deadline = 1;
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_EXPIRED, harness_soon()), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 1);
	assert_int_equal(event.type, TRACKD_EVENT_EXPIRED);
}

static void an_event_has_its_id_until_the_slot_is_reused(void **state)
{
	struct trackd_ref ref = own_create("first", NULL);

	(void)state;
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_soon()), 0);
	assert_int_equal(next(), 1);
	assert_string_equal(event.id, "first");
	own_board.header->cursor = ref.slot;
	assert_int_equal(own_create("second", NULL).slot, ref.slot);
	assert_int_equal(next(), 1);
	assert_int_equal(event.type, TRACKD_EVENT_REMOVED);
	assert_string_equal(event.id, ""); /* never another task's */
	assert_int_equal(next(), 1);
	assert_string_equal(event.id, "second");
}

static void an_entrys_content_is_checked(void **state)
{
	const struct layout_copy copy = { .state = TRACKD_ACTIVE, .stage = 200 };

	(void)state;
	own_board.header->event_next = 77; /* a sequence other than the entry's own */
	cursor.next = 77;
	struct trackd_ref ref = own_create("task", NULL);
	event_append(&own_board, TRACKD_EVENT_STAGE, ref.slot, ref.generation, 0, &copy, 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 1);
	assert_int_equal(event.stage, -1);
	assert_int_equal(event.sequence, 78);
}

/* ---- Incomplete entries -------------------------------------------------- */

static void an_unfinished_entry_at_the_end_is_none_yet(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	assert_int_equal(next(), 1);
	append(ref, 1);
	uint64_t check = own_board.events[1].check;
	own_board.events[1].check ^= 1;
	assert_false(event_whole(&own_board, 1));
	assert_int_equal(next(), 0);
	cursor.stalled_ns = 1; /* for however long */
	assert_int_equal(next(), 0);
	own_board.events[1].check = check;
	assert_true(event_whole(&own_board, 1));
	assert_int_equal(next(), 1);
	assert_int_equal(cursor.lost, 0);
}

static void one_that_stays_unfinished_behind_others_is_lost(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	assert_int_equal(next(), 1);
	append(ref, 2);
	own_board.events[1].done ^= 1; /* any word of it */
	uint64_t before = clock_monotonic_ns();
	assert_int_equal(next(), 0); /* its producer may be about to finish it */
	HARNESS_WAIT(next() == 1, 30000);
	assert_true(clock_monotonic_ns() - before >= 10 * NS_PER_MS);
	assert_int_equal(event.sequence, 2);
	assert_int_equal(cursor.lost, 1);
	assert_int_equal(next(), 0);
}

static void an_entry_of_another_lap_is_not_taken_for_ours(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	append(ref, 1);
	/* The same entry, a lap later: its producer has claimed it but not written it. */
	own_board.header->event_next = LAYOUT_EVENTS + 2;
	cursor.next = LAYOUT_EVENTS + 1;
	assert_int_equal(next(), 0);
	assert_false(event_whole(&own_board, LAYOUT_EVENTS + 1));
}

static void an_overtaken_cursor_counts_its_losses(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	append(ref, LAYOUT_EVENTS - 1); /* the ring is full: nothing is lost yet */
	assert_int_equal(next(), 1);
	assert_int_equal(event.type, TRACKD_EVENT_CREATED);
	cursor.next = 0;
	append(ref, 10);
	assert_int_equal(next(), TRACKD_E_LAPPED);
	assert_int_equal(cursor.lost, 10);
	assert_int_equal(cursor.next, 10);
	for (uint64_t i = 10; i < LAYOUT_EVENTS + 10; i++) {
		assert_int_equal(next(), 1);
		assert_int_equal(event.sequence, i);
	}
	assert_int_equal(next(), 0);
	assert_int_equal(own_board.header->counters.lapped, 1);
}

static void a_ring_that_went_back_is_reported_too(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);

	(void)state;
	append(ref, 5);
	cursor.next = 100;
	assert_int_equal(next(), TRACKD_E_LAPPED);
	assert_int_equal(cursor.lost, 1);
	assert_int_equal(cursor.next, 0);
	assert_int_equal(next(), 1);
}

static void readers_count_nothing_on_the_board(void **state)
{
	struct board reader;

	(void)state;
	harness_board_reader(&reader, &own_board);
	cursor.next = 100;
	assert_int_equal(event_next(&reader, &cursor, &event), TRACKD_E_LAPPED);
	assert_int_equal(own_board.header->counters.lapped, 0);
	harness_board_free(&reader);
}

/* ---- Sleeping and waking ------------------------------------------------- */

static void sleeping_ends_with_the_tick_or_the_time(void **state)
{
	struct board reader;
	uint32_t tick = event_tick(&own_board);

	(void)state;
	harness_board_reader(&reader, &own_board);
	uint64_t before = clock_monotonic_ns();
	assert_int_equal(event_sleep(&reader, tick, 20 * NS_PER_MS), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - before >= 20 * NS_PER_MS);
	assert_int_equal(event_sleep(&reader, tick + 1, 10 * NS_PER_S), 0); /* the tick differs */
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(event_sleep(&reader, tick, 15 * NS_PER_S) == 0 ? 0 : 1);
	pid_t other = harness_fork();
	if (other == 0)
		_exit(event_sleep(&reader, tick, 15 * NS_PER_S) == 0 ? 0 : 1);
	HARNESS_WAIT(client_sleeps(pid) && client_sleeps(other), 30000);
	event_wake_all(&own_board);
	assert_int_equal(event_tick(&reader), tick + 1);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(harness_reap(other), 0);
	harness_board_free(&reader);
}

static void the_doorbell_is_rung_for_one_sleep_once(void **state)
{
	uint32_t count = event_doorbell(&own_board);

	(void)state;
	event_ring(&own_board); /* the daemon does not sleep */
	assert_int_equal(event_doorbell(&own_board), count);
	own_board.header->armed = 5;
	event_ring(&own_board);
	assert_int_equal(event_doorbell(&own_board), count + 1);
	assert_int_equal(own_board.header->armed, 0);
	event_ring(&own_board);
	assert_int_equal(event_doorbell(&own_board), count + 1);
	/* Sleeping with the previous count returns at once. */
	event_doorbell_wait(&own_board, count, harness_deadline(15000));
	uint64_t deadline = harness_deadline(20);
	event_doorbell_wait(&own_board, count + 1, deadline);
	assert_true(clock_monotonic_ns() >= deadline);
}

#define FROM_THE_FIRST(test) OWN_BOARD_PREPARED(test, 64, begin)

static const struct CMUnitTest tests[] = {
	FROM_THE_FIRST(a_tasks_events_are_in_order),
	FROM_THE_FIRST(an_expired_task_differs_from_a_removed_one),
	FROM_THE_FIRST(an_event_has_its_id_until_the_slot_is_reused),
	FROM_THE_FIRST(an_entrys_content_is_checked),
	FROM_THE_FIRST(an_unfinished_entry_at_the_end_is_none_yet),
	FROM_THE_FIRST(one_that_stays_unfinished_behind_others_is_lost),
	FROM_THE_FIRST(an_entry_of_another_lap_is_not_taken_for_ours),
	FROM_THE_FIRST(an_overtaken_cursor_counts_its_losses),
	FROM_THE_FIRST(a_ring_that_went_back_is_reported_too),
	FROM_THE_FIRST(readers_count_nothing_on_the_board),
	FROM_THE_FIRST(sleeping_ends_with_the_tick_or_the_time),
	FROM_THE_FIRST(the_doorbell_is_rung_for_one_sleep_once),
};

SUITE(tests)
