/* SPDX-License-Identifier: MIT */
/*
 * A connection whose board is closed, replaced, removed or unlinked: the result of each call, that
 * no closed board is changed, and that the connection switches to the next board.
 */
#include "daemon/board/carry.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "tests/harness/connections.h"
#include "tests/harness/stepped.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 32, TIMEOUT_MS = 60 };

static struct board next;
static struct trackd_ref task;

static int set_up(void **state)
{
	(void)connections_open_alone(state);
	task = ref_out(&linked.board, harness_create(&linked.board, "task", "alice"));
	HARNESS_MUST(trackd_update(writer, task, TRACKD_EXTRACTING, "first"));
	next.base = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)connections_close_alone(state);
	if (next.base)
		harness_board_free(&next);
	return 0;
}

static void fill_next(void)
{
	struct carry carry;

	harness_board(&next, CAPACITY);
	HARNESS_MUST(carry_begin(&carry, &next, &linked.board));
	segment_close(&linked.board, LAYOUT_CLOSED);
	HARNESS_MUST(carry_end(&carry, LAYOUT_CLOSED));
}

static void replace(void)
{
	fill_next();
	HARNESS_MUST(segment_replace(&next, linked.name));
	segment_retire(&linked.board, LAYOUT_REPLACED);
	segment_hollow(&linked.board);
}

/* ---- Every writing call ---------------------------------------------------- */

static int create(void)
{
	struct trackd_new new = TRACKD_NEW_INIT;

	new.id = "new";
	return trackd_create(writer, &new, NULL);
}

static int keep(void)
{
	return trackd_update(writer, task, TRACKD_STAGE_KEEP, "second");
}

static int move(void)
{
	return trackd_update(writer, task, TRACKD_CHUNKING, "second");
}

static int advance(void)
{
	return trackd_advance(writer, task, 1);
}

static int total(void)
{
	return trackd_set_total(writer, task, 9);
}

static int progress(void)
{
	return trackd_set_progress(writer, task, 3, 9);
}

static int cancel(void)
{
	return trackd_cancel(writer, task);
}

static int declare(void)
{
	static const struct trackd_stage_def stage = { "reading", 0 };
	int kind = trackd_kind_declare(writer, "one", &stage, 1);

	return kind < 0 ? kind : 0;
}

static int complete(void)
{
	return trackd_complete(writer, task, NULL);
}

static int fail_it(void)
{
	return trackd_fail(writer, task, NULL);
}

static int cancelled(void)
{
	return trackd_cancelled(writer, task, NULL);
}

static int remove_it(void)
{
	return trackd_remove(writer, task);
}

static int (*const calls[])(void) = { create, keep,    move,     advance, total,     progress,
				      cancel, declare, complete, fail_it, cancelled, remove_it };
enum { CALLS = sizeof calls / sizeof calls[0] };

static void assert_untouched(void)
{
	struct trackd_task seen = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	assert_int_equal(trackd_copy(reader, task, &seen), 0);
	assert_string_equal(seen.message, "first");
	assert_int_equal(seen.state, TRACKD_ACTIVE);
	assert_int_equal(seen.stage, TRACKD_EXTRACTING);
	assert_int_equal(seen.revision, 2);
	assert_int_equal(seen.done + seen.total, 0);
	assert_int_equal(trackd_cancel_requested(reader, task), 0);
	assert_int_equal(trackd_lookup(reader, "new", &ref), TRACKD_E_NOT_FOUND);
	assert_int_equal(trackd_kind_find(reader, "one"), TRACKD_E_KIND);
}

static void a_closed_board_is_changed_by_no_call(void **state)
{
	(void)state;
	fill_next();
	for (unsigned i = 0; i < CALLS; i++)
		assert_int_equal(calls[i](), TRACKD_E_MOVING);
	assert_untouched();
}

static void opened_again_it_is_as_before(void **state)
{
	(void)state;
	fill_next();
	assert_int_equal(keep(), TRACKD_E_MOVING);
	segment_close(&linked.board, LAYOUT_OPEN);
	carry_unseal(&linked.board, NS_PER_S);
	assert_untouched();
	assert_int_equal(advance(), 0);
	assert_int_equal(keep(), 0);
	assert_int_equal(create(), 0);
}

struct waiting {
	int (*call)(void);
	int answer;
};

static void *call_in_thread(void *waiting)
{
	struct waiting *w = waiting;

	w->answer = w->call();
	return NULL;
}

/* Each call waits while its board is closed and is then made on the successor, or on the old board
 * if that is reopened. */
static void a_call_waits_for_the_next_board(void **state)
{
	for (unsigned i = 0; i < 2 * (unsigned)CALLS; i++) {
		struct waiting waiting = { .call = calls[i / 2] };
		pthread_t thread;
		uint64_t id[2];

		trackd_close(writer);
		writer = linked_board_open(&linked, TRACKD_OPEN_WRITE, 20000);
		fill_next();
		assert_int_equal(pthread_create(&thread, NULL, call_in_thread, &waiting), 0);
		if (i % 2 == 0) {
			HARNESS_MUST(segment_replace(&next, linked.name));
			segment_retire(&linked.board, LAYOUT_REPLACED);
			segment_hollow(&linked.board);
		} else {
			segment_close(&linked.board, LAYOUT_OPEN);
			carry_unseal(&linked.board, NS_PER_S);
		}
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(waiting.answer, 0);
		trackd_board_id(writer, (uint8_t *)id);
		assert_memory_equal(id, (i % 2 ? &linked.board : &next)->header->board_id,
				    sizeof id);
		tear_down(state);
		set_up(state);
	}
}

static void each_call_follows(void **state)
{
	for (unsigned i = 0; i < CALLS; i++) {
		replace();
		assert_int_equal(calls[i](), 0);
		assert_int_equal(next.header->closed, LAYOUT_OPEN);
		assert_int_equal(load_relaxed(&linked.board.header->closed), LAYOUT_CLOSED);
		tear_down(state);
		set_up(state);
	}
}

/* ---- Reading ---------------------------------------------------------------- */

static void readers_follow_at_their_next_call(void **state)
{
	struct harness_usage before = harness_usage();
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task seen = TRACKD_TASK_INIT;
	struct trackd_ref ref;
	uint8_t id[16];

	(void)state;
	assert_int_equal(trackd_get(reader, task, &view), 0);
	replace();
	assert_int_equal(trackd_lookup(reader, "task", &ref), 0);
	assert_memory_equal(&ref, &task, sizeof ref);
	trackd_board_id(reader, id);
	assert_memory_equal(id, next.header->board_id, sizeof id);
	assert_int_equal(trackd_copy(reader, task, &seen), 0);
	assert_string_equal(seen.owner, "alice");
	/* The view of the old board is not valid, and its memory is released. */
	assert_false(trackd_view_valid(&view));
	assert_string_equal(trackd_view_message(&view), "");
	assert_int_equal(harness_usage().maps, before.maps + 1); /* of the next board */
}

static int get_it(struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	return trackd_get(reader, ref, &view);
}

static int copy_it(struct trackd_ref ref)
{
	static struct trackd_task copy = TRACKD_TASK_INIT;

	return trackd_copy(reader, ref, &copy);
}

static int look_up(struct trackd_ref ref)
{
	return trackd_lookup(reader, "task", &ref);
}

static int ask(struct trackd_ref ref)
{
	return trackd_cancel_requested(reader, ref);
}

static int (*const questions[])(struct trackd_ref) = { get_it, copy_it, look_up, ask };

#ifdef __SANITIZE_ADDRESS__
enum { DENSITY = 4 };
#else
enum { DENSITY = 16 };
#endif

static int answer;

static void put_question(void *question)
{
	answer = (*(int (*const *)(struct trackd_ref))question)(task);
}

static void give_up(void *unused)
{
	(void)unused;
	replace();
}

/* The result is correct at whatever instruction of a call its board is replaced. */
static void no_result_comes_from_a_hollow_board(void **state)
{
	if (!stepped_possible())
		skip();
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		unsigned n = 1;

		while (stepped_run(put_question, give_up, (void *)&questions[i], n)) {
			if (answer != 0)
				fail_msg("question %zu, instruction %u: %s", i, n,
					 trackd_strerror(answer));
			n += 1 + n / DENSITY;
			tear_down(state);
			set_up(state);
		}
		assert_true(n > 8);
	}
}

static void an_iterator_goes_on_over_there(void **state)
{
	struct trackd_iter all, own;
	struct trackd_ref ref;
	unsigned n = 1;
	char id[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof id, "t-%d", i);
		harness_create(&linked.board, id, "alice");
	}
	trackd_iter_all(reader, &all);
	HARNESS_MUST(trackd_iter_owner(reader, "alice", &own));
	assert_int_equal(trackd_next(reader, &all, &ref), 1);
	assert_int_equal(trackd_next(reader, &own, &ref), 1);
	replace();
	while (trackd_next(reader, &all, &ref) == 1)
		n++;
	assert_int_equal(n, 21);
	for (n = 1; trackd_next(reader, &own, &ref) == 1;)
		n++;
	assert_int_equal(n, 21);
}

static void a_cursor_goes_on_over_there(void **state)
{
	struct trackd_cursor cursor;
	struct trackd_event event = TRACKD_EVENT_INIT;

	(void)state;
	trackd_cursor_at(reader, 0, &cursor);
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 1);
	assert_int_equal(event.type, TRACKD_EVENT_CREATED);
	replace();
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 1);
	assert_int_equal(event.type, TRACKD_EVENT_STAGE);
	assert_string_equal(event.id, "task");
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 0);
	assert_int_equal(cursor.lost, 0);
	HARNESS_MUST(move());
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 1);
}

static void a_cursor_knows_a_board_that_began_anew(void **state)
{
	struct trackd_cursor cursor;
	struct trackd_event event = TRACKD_EVENT_INIT;

	(void)state;
	for (int i = 0; i < 5; i++)
		HARNESS_MUST(trackd_update(writer, task, i % 2, NULL));
	trackd_cursor_at(reader, 1, &cursor);
	harness_board(&next, CAPACITY); /* with another lineage and other events of those numbers */
	for (int i = 0; i < 8; i++) {
		char id[16];
		snprintf(id, sizeof id, "n-%d", i);
		harness_create(&next, id, NULL);
	}
	segment_close(&linked.board, LAYOUT_CLOSED_BLIND);
	HARNESS_MUST(segment_replace(&next, linked.name));
	segment_retire(&linked.board, LAYOUT_REPLACED);
	assert_int_equal(trackd_wait_event(reader, &cursor, 20000), 0);
	assert_int_equal(trackd_next_event(reader, &cursor, &event), TRACKD_E_LAPPED);
	assert_true(cursor.lost > 0);
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 1);
	assert_string_equal(event.id, "n-0");
}

/* ---- Removed and unlinked --------------------------------------------------- */

static void a_removed_board_is_no_board(void **state)
{
	struct trackd_task seen = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	segment_close(&linked.board, LAYOUT_CLOSED_BLIND);
	carry_seal(&linked.board);
	harness_unlink(linked.name);
	segment_retire(&linked.board, LAYOUT_REMOVED);
	segment_hollow(&linked.board);
	for (unsigned i = 0; i < CALLS; i++)
		assert_int_equal(calls[i](), TRACKD_E_NO_BOARD);
	assert_int_equal(trackd_lookup(reader, "task", &ref), TRACKD_E_NO_BOARD);
	assert_int_equal(trackd_copy(reader, task, &seen), TRACKD_E_NO_BOARD);
	/* The connection finds the next board as soon as it exists. */
	harness_board(&next, CAPACITY);
	HARNESS_MUST(segment_link(&next, linked.name));
	assert_int_equal(create(), 0);
	assert_int_equal(trackd_lookup(reader, "new", &ref), 0);
}

static void an_unlinked_board_is_noticed(void **state)
{
	struct trackd_ref ref;

	(void)state;
	harness_unlink(linked.name);
	HARNESS_WAIT(keep() == TRACKD_E_NO_BOARD, 20000);
	for (unsigned i = 0; i < CALLS; i++)
		assert_int_equal(calls[i](), TRACKD_E_NO_BOARD);
	harness_board(&next, CAPACITY);
	HARNESS_MUST(segment_link(&next, linked.name));
	assert_int_equal(create(), 0);
	HARNESS_WAIT(trackd_lookup(reader, "new", &ref) == 0, 20000);
}

/* The successor has a layout or location that this program cannot use. */
static void an_unusable_successor_is_an_error(void **state)
{
	(void)state;
	fill_next();
	next.header->fingerprint++;
	HARNESS_MUST(segment_replace(&next, linked.name));
	segment_retire(&linked.board, LAYOUT_REPLACED);
	for (unsigned i = 0; i < CALLS; i++)
		assert_int_equal(calls[i](), TRACKD_E_LAYOUT);
	next.header->fingerprint--;
	assert_int_equal(keep(), 0);
}

#define CASE(test)                                                                                 \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, set_up, tear_down, &((struct connections_needs){ CAPACITY, TIMEOUT_MS }))

static const struct CMUnitTest tests[] = {
	CASE(a_closed_board_is_changed_by_no_call),   CASE(opened_again_it_is_as_before),
	CASE(a_call_waits_for_the_next_board),        CASE(each_call_follows),
	CASE(readers_follow_at_their_next_call),      CASE(no_result_comes_from_a_hollow_board),
	CASE(an_iterator_goes_on_over_there),         CASE(a_cursor_goes_on_over_there),
	CASE(a_cursor_knows_a_board_that_began_anew), CASE(a_removed_board_is_no_board),
	CASE(an_unlinked_board_is_noticed),           CASE(an_unusable_successor_is_an_error),
};

SUITE(tests)
