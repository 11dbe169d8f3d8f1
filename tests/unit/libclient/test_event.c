/* SPDX-License-Identifier: MIT */
/* The ring of events: whole entries in order, and what becomes of the others. */
#include "libclient/record/event.h"
#include "libclient/record/index.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct board board;
static struct trackd_cursor cursor;
static struct trackd_event event;

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, 64);
	cursor = event_cursor(&board, 0);
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	harness_board_free(&board);
	return 0;
}

static int next(void)
{
	return event_next(&board, &cursor, &event);
}

static uint64_t soon(void)
{
	return harness_deadline(2000);
}

/* Events of one task, one after another. */
static void append(struct trackd_ref ref, uint64_t n)
{
	const struct layout_copy copy = { .state = TRACKD_ACTIVE, .stage = 2 };

	while (n-- > 0)
		event_append(&board, TRACKD_EVENT_STAGE, ref.slot, ref.generation, 1000, &copy, n);
}

/* ---- Whole entries ------------------------------------------------------- */

static void a_tasks_life_is_told_in_order(void **state)
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
	const struct record_end failed = { TRACKD_FAILED, TRACKD_REASON_ERROR, "m", "e", 0 };
	struct trackd_ref ref = harness_create(&board, "task", "alice");
	uint64_t before = 0;

	(void)state;
	assert_int_equal(record_update(&board, ref, 3, NULL, 0, soon()), 0);
	assert_int_equal(record_update(&board, ref, 3, "says something", 0, soon()), 0);
	assert_int_equal(record_cancel(&board, ref, soon()), TRACKD_CANCEL_ASKED);
	assert_int_equal(record_cancel(&board, ref, soon()), TRACKD_CANCEL_ASKED); /* no news */
	assert_int_equal(record_set_progress(&board, ref, 5, 9, soon()), 0);
	assert_int_equal(record_end(&board, ref, &failed, soon()), 0);
	assert_int_equal(slot_remove(&board, ref, SLOT_REMOVE_ASKED, soon()), 0);
	for (uint64_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		assert_int_equal(next(), 1);
		assert_int_equal(event.sequence, i);
		assert_int_equal(event.type, told[i].type);
		assert_int_equal(event.state, told[i].state);
		assert_int_equal(event.stage, told[i].stage);
		assert_int_equal(event.reason, told[i].reason);
		assert_int_equal(ref_bits(event.ref), ref_bits(ref));
		assert_int_equal(event.owner_hash, index_owner_hash(&board, "alice"));
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

static void an_expired_task_is_told_from_a_removed_one(void **state)
{
	struct trackd_ref ref = harness_create(&board, "task", NULL);

	(void)state;
	board.heads[ref.slot].deadline = 1;
	assert_int_equal(slot_remove(&board, ref, SLOT_REMOVE_EXPIRED, soon()), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 1);
	assert_int_equal(event.type, TRACKD_EVENT_EXPIRED);
}

static void the_id_is_told_until_the_slot_is_given_away(void **state)
{
	struct trackd_ref ref = harness_create(&board, "first", NULL);

	(void)state;
	assert_int_equal(slot_remove(&board, ref, SLOT_REMOVE_ASKED, soon()), 0);
	assert_int_equal(next(), 1);
	assert_string_equal(event.id, "first");
	board.header->cursor = ref.slot;
	assert_int_equal(harness_create(&board, "second", NULL).slot, ref.slot);
	assert_int_equal(next(), 1);
	assert_int_equal(event.type, TRACKD_EVENT_REMOVED);
	assert_string_equal(event.id, ""); /* never another task's */
	assert_int_equal(next(), 1);
	assert_string_equal(event.id, "second");
}

static void what_an_entry_says_is_checked(void **state)
{
	const struct layout_copy copy = { .state = TRACKD_ACTIVE, .stage = 200 };

	(void)state;
	board.header->event_next = 77; /* of a sequence that is not the entry's own number */
	cursor.next = 77;
	struct trackd_ref ref = harness_create(&board, "task", NULL);
	event_append(&board, TRACKD_EVENT_STAGE, ref.slot, ref.generation, 0, &copy, 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 1);
	assert_int_equal(event.stage, -1);
	assert_int_equal(event.sequence, 78);
}

/* ---- The others ---------------------------------------------------------- */

static void an_unfinished_entry_at_the_end_is_none_yet(void **state)
{
	struct trackd_ref ref = harness_create(&board, "task", NULL);

	(void)state;
	assert_int_equal(next(), 1);
	append(ref, 1);
	uint64_t check = board.events[1].check;
	board.events[1].check ^= 1;
	assert_false(event_whole(&board, 1));
	assert_int_equal(next(), 0);
	cursor.stalled_ns = 1; /* however long it stays so */
	assert_int_equal(next(), 0);
	board.events[1].check = check;
	assert_true(event_whole(&board, 1));
	assert_int_equal(next(), 1);
	assert_int_equal(cursor.lost, 0);
}

static void one_that_stays_unfinished_behind_others_is_lost(void **state)
{
	struct trackd_ref ref = harness_create(&board, "task", NULL);

	(void)state;
	assert_int_equal(next(), 1);
	append(ref, 2);
	board.events[1].done ^= 1; /* any word of it */
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
	struct trackd_ref ref = harness_create(&board, "task", NULL);

	(void)state;
	append(ref, 1);
	/* The same entry, a lap later: its producer has counted and not written yet. */
	board.header->event_next = LAYOUT_EVENTS + 2;
	cursor.next = LAYOUT_EVENTS + 1;
	assert_int_equal(next(), 0);
	assert_false(event_whole(&board, LAYOUT_EVENTS + 1));
}

static void a_cursor_that_was_overtaken_is_told_how_much_it_lost(void **state)
{
	struct trackd_ref ref = harness_create(&board, "task", NULL);

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
	assert_int_equal(board.header->counters.lapped, 1);
}

static void a_ring_that_went_back_is_told_too(void **state)
{
	struct trackd_ref ref = harness_create(&board, "task", NULL);

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
	harness_board_reader(&reader, &board);
	cursor.next = 100;
	assert_int_equal(event_next(&reader, &cursor, &event), TRACKD_E_LAPPED);
	assert_int_equal(board.header->counters.lapped, 0);
	harness_board_free(&reader);
}

/* ---- Sleeping and waking ------------------------------------------------- */

static bool sleeps(pid_t pid)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		harness_die("%s cannot be read", path);
	const char *line = fgets(text, sizeof text, file);
	fclose(file);
	return line && strncmp(line, "running", 7) != 0;
}

static void sleeping_ends_with_the_tick_or_the_time(void **state)
{
	struct board reader;
	uint32_t tick = event_tick(&board);

	(void)state;
	harness_board_reader(&reader, &board);
	uint64_t before = clock_monotonic_ns();
	assert_int_equal(event_sleep(&reader, tick, 20 * NS_PER_MS), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - before >= 20 * NS_PER_MS);
	assert_int_equal(event_sleep(&reader, tick + 1, 10 * NS_PER_S), 0); /* it has moved on */
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(event_sleep(&reader, tick, 15 * NS_PER_S) == 0 ? 0 : 1);
	pid_t other = harness_fork();
	if (other == 0)
		_exit(event_sleep(&reader, tick, 15 * NS_PER_S) == 0 ? 0 : 1);
	HARNESS_WAIT(sleeps(pid) && sleeps(other), 30000);
	event_wake_all(&board);
	assert_int_equal(event_tick(&reader), tick + 1);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(harness_reap(other), 0);
	harness_board_free(&reader);
}

static void the_doorbell_is_rung_for_one_sleep_once(void **state)
{
	uint32_t count = event_doorbell(&board);

	(void)state;
	event_ring(&board); /* nobody sleeps */
	assert_int_equal(event_doorbell(&board), count);
	board.header->armed = 5;
	event_ring(&board);
	assert_int_equal(event_doorbell(&board), count + 1);
	assert_int_equal(board.header->armed, 0);
	event_ring(&board);
	assert_int_equal(event_doorbell(&board), count + 1);
	/* Whoever would sleep on the count of before does not. */
	event_doorbell_wait(&board, count, harness_deadline(15000));
	uint64_t deadline = harness_deadline(20);
	event_doorbell_wait(&board, count + 1, deadline);
	assert_true(clock_monotonic_ns() >= deadline);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_BOARD(a_tasks_life_is_told_in_order),
		OWN_BOARD(an_expired_task_is_told_from_a_removed_one),
		OWN_BOARD(the_id_is_told_until_the_slot_is_given_away),
		OWN_BOARD(what_an_entry_says_is_checked),
		OWN_BOARD(an_unfinished_entry_at_the_end_is_none_yet),
		OWN_BOARD(one_that_stays_unfinished_behind_others_is_lost),
		OWN_BOARD(an_entry_of_another_lap_is_not_taken_for_ours),
		OWN_BOARD(a_cursor_that_was_overtaken_is_told_how_much_it_lost),
		OWN_BOARD(a_ring_that_went_back_is_told_too),
		OWN_BOARD(readers_count_nothing_on_the_board),
		OWN_BOARD(sleeping_ends_with_the_tick_or_the_time),
		OWN_BOARD(the_doorbell_is_rung_for_one_sleep_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
