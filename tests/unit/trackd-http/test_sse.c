/* SPDX-License-Identifier: MIT */
/* The text of events and their ids; a transition of a record that has changed since; and the stages
 * that the stage history adds to what was delivered. */
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/trackd-http/board/replay.h"
#include "tools/trackd-http/stream/sse.h"
#include "tools/trackd-http/tasks/transition.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define BOARD "0123456789abcdef0123456789abcdef"

/* ---- Text ---------------------------------------------------------------- */

static void an_event_is_its_lines_and_an_empty_one(void **state)
{
	struct text_buffer text = { .size = 0 };
	char got[256];

	(void)state;
	sse_event(&text, "update", BOARD ".7", "{\"a\":1}");
	sse_event(&text, "reset", NULL, "{}");
	size_t size = text_buffer_take(&text, got, sizeof got);
	got[size] = '\0';
	assert_string_equal(got, "event: update\nid: " BOARD ".7\ndata: {\"a\":1}\n\n"
				 "event: reset\ndata: {}\n\n");
	assert_true(text_buffer_empty(&text));
	assert_null(text.bytes); /* what waits for nothing holds nothing */
	assert_int_equal(text_buffer_take(&text, got, sizeof got), 0);
}

static void it_is_taken_in_pieces_of_any_size(void **state)
{
	char data[5000], all[6000], got[6000];
	size_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof data - 1; i++)
		data[i] = (char)('a' + i % 26);
	data[sizeof data - 1] = '\0';
	for (size_t piece = 1; piece < 5100; piece += 37) {
		struct text_buffer text = { .size = 0 };
		size_t n = 0, size;

		sse_event(&text, "update", NULL, data);
		whole = text.size;
		memcpy(all, text.bytes, whole);
		while ((size = text_buffer_take(&text, got + n, piece)) > 0) {
			assert_true(size <= piece);
			n += size;
		}
		assert_int_equal(n, whole);
		assert_memory_equal(got, all, whole);
	}
}

static void ids_come_back_as_they_went(void **state)
{
	const struct sse_id ids[] = {
		{ .board = BOARD },
		{ .board = BOARD, .sequence = UINT64_MAX },
		{ .board = BOARD, .sequence = 17, .end = true },
		{ .board = BOARD, .sequence = UINT64_MAX, .end = true, .generation = UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct sse_id got = { .board = "x" };
		char text[SSE_ID];

		sse_id_text(&ids[i], text);
		assert_true(strlen(text) < SSE_ID - 1);
		assert_true(sse_id_parse(text, &got));
		assert_string_equal(got.board, ids[i].board);
		assert_true(got.sequence == ids[i].sequence);
		assert_int_equal(got.end, ids[i].end);
		assert_int_equal(got.generation, ids[i].generation);
	}
}

static void what_is_no_id_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"7",
		BOARD,
		BOARD ".",
		BOARD ".x",
		BOARD ".-1",
		BOARD ".+1",
		BOARD ". 1",
		BOARD ".01",
		BOARD ".1 ",
		BOARD ".1.",
		BOARD ".1.2",
		BOARD ".1.end",
		BOARD ".1.end.",
		BOARD ".1.end.x",
		BOARD ".1.end.4294967296",
		BOARD ".1.end.1.",
		BOARD ".18446744073709551616",
		BOARD ".99999999999999999999999999",
		"0123456789ABCDEF0123456789abcdef.1",
		"0" BOARD ".1",
		"123456789abcdef0123456789abcdef.1",
	};
	struct sse_id id = { .sequence = 42 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (sse_id_parse(texts[i], &id))
			fail_msg("taken for an id: %s", texts[i]);
	assert_true(id.sequence == 42);
}

/* ---- Transitions ---------------------------------------------------------- */

/* A task that goes through its stages, and what was delivered to its follower. Each test begins with
 * a pending task and nothing delivered. */
static struct trackd_task task;
static struct delivered delivered;

static int make_task(void **state)
{
	static const char *const names[] = { "extracting", "chunking", "embedding" };
	static const uint8_t percents[] = { 10, 25, 40 };

	(void)state;
	task = (struct trackd_task){ .id = "t", .owner = "ada", .kind_name = "document" };
	task.n_stages = 3;
	for (size_t i = 0; i < 3; i++) {
		memcpy(task.stages[i].name, names[i], strlen(names[i]));
		task.stages[i].percent = percents[i];
	}
	task.stage = -1;
	task.state = TRACKD_PENDING;
	delivered_task(&delivered, &task);
	return 0;
}

/* The task has gone through stages, in this order, one a second. */
static void enter(const char *stages)
{
	uint64_t second = UINT64_C(1000000000);
	uint64_t now = task.updated_ns > 0 ? task.updated_ns : 1000 * second;

	for (; *stages; stages++) {
		task.stage = (int8_t)(*stages - '0');
		now += second;
		task.stages[task.stage].started_ns = now;
		task.revision++;
	}
	task.state = TRACKD_ACTIVE;
	task.updated_ns = now;
}

static struct trackd_event stage_event(int stage)
{
	return (struct trackd_event){ .type = TRACKD_EVENT_STAGE,
				      .state = TRACKD_ACTIVE,
				      .stage = (int8_t)stage,
				      .revision = (uint64_t)stage + 1,
				      .time_ns = task.stages[stage].started_ns };
}

static void an_update_tells_what_was_true_then(void **state)
{
	(void)state;
	enter("012");
	task.state = TRACKD_FAILED;
	task.reason = TRACKD_REASON_ERROR;
	task.revision++;
	task.finished_ns = task.updated_ns + 1;
	strcpy(task.status, "failed");
	struct trackd_event event = stage_event(1);
	event.done = 5;
	event.total = 10;
	transition_apply(&task, &event);
	assert_int_equal(task.state, TRACKD_ACTIVE);
	assert_int_equal(task.stage, 1);
	assert_int_equal(task.reason, TRACKD_REASON_NONE);
	assert_string_equal(task.status, "chunking");
	assert_int_equal(task.progress, 32); /* 25 and half the way to 40, rounded down */
	assert_true(task.revision == 2 && task.finished_ns == 0);
}

static void progress_never_reaches_the_next_stage(void **state)
{
	(void)state;
	for (uint64_t done = 0; done <= 20; done++) {
		(void)make_task(NULL);
		enter("012");
		struct trackd_event event = stage_event(2);
		event.revision = 1;
		event.done = done;
		event.total = 10;
		transition_apply(&task, &event);
		assert_int_equal(task.progress, done < 10 ? 40 + 6 * done : 99);
	}
}

static void of_the_same_revision_nothing_is_changed(void **state)
{
	(void)state;
	enter("01");
	struct trackd_event event = stage_event(1);
	struct trackd_task before = task;
	transition_apply(&task, &event);
	assert_memory_equal(&task, &before, sizeof task);
}

static void the_text_says_what_sort_of_update_it_is(void **state)
{
	(void)state;
	enter("0");
	struct trackd_event event = stage_event(0);
	char *texts[] = { transition_text(&task, &event, TRANSITION_REPLAYED),
			  transition_text(&task, NULL, 0) };
	for (size_t i = 0; i < 2; i++) {
		json_t *object = json_loads(texts[i], 0, NULL);
		json_t *transition = json_object_get(object, "transition");

		assert_string_equal(json_string_value(json_object_get(object, "id")), "t");
		assert_null(strchr(texts[i], '\n'));
		if (i == 0) {
			assert_string_equal(json_string_value(json_object_get(transition, "type")),
					    "stage");
			assert_true(json_is_true(json_object_get(transition, "replayed")));
			assert_true(json_is_false(json_object_get(transition, "rebuilt")));
		} else {
			assert_true(json_is_null(transition));
		}
		json_decref(object);
		free(texts[i]);
	}
}

/* ---- Stage history -------------------------------------------------------- */

/* Deliver these one after the other: nothing is missing before any of them, nor afterwards. */
static void deliver(const struct trackd_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(delivered_missing(&delivered, &task, &events[i]), -1);
		delivered_event(&delivered, &events[i]);
	}
	assert_int_equal(delivered_missing(&delivered, &task, NULL), -1);
}

static void nothing_is_missing_of_what_was_told(void **state)
{
	(void)state;
	enter("012");
	deliver((const struct trackd_event[]){ stage_event(0), stage_event(1), stage_event(2) }, 3);
}

static void what_was_skipped_comes_first_in_order(void **state)
{
	(void)state;
	enter("012");
	struct trackd_event last = stage_event(2), rebuilt;
	for (int stage = 0; stage < 2; stage++) {
		assert_int_equal(delivered_missing(&delivered, &task, &last), stage);
		transition_rebuild(&task, stage, &rebuilt);
		assert_int_equal(rebuilt.stage, stage);
		assert_true(rebuilt.time_ns == task.stages[stage].started_ns);
		delivered_event(&delivered, &rebuilt);
	}
	assert_int_equal(delivered_missing(&delivered, &task, &last), -1);
	assert_int_equal(delivered_missing(&delivered, &task, NULL), 2);
}

/* The history has the later turn alone, and must not be taken for the earlier one. */
static void a_retry_is_not_taken_for_a_loss(void **state)
{
	struct trackd_event events[4];

	(void)state;
	for (size_t turn = 0; turn < 4; turn += 2) {
		enter("01");
		events[turn] = stage_event(0);
		events[turn + 1] = stage_event(1);
	}
	deliver(events, 4);
}

/* Nor what came after the earlier turn of an event's stage for what came before it. */
static void going_back_is_not_taken_for_a_loss(void **state)
{
	static const char *const stages[] = { "0", "1", "0" };
	struct trackd_event events[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		enter(stages[i]);
		events[i] = stage_event(stages[i][0] - '0');
	}
	deliver(events, 3);
}

static void a_second_turn_that_was_lost_is_found(void **state)
{
	(void)state;
	enter("012");
	delivered_task(&delivered, &task);
	enter("0");
	struct trackd_event again = stage_event(0);
	delivered_event(&delivered, &again);
	enter("12");
	struct trackd_event last = stage_event(2);
	assert_int_equal(delivered_missing(&delivered, &task, &last), 1);
}

static void who_was_told_up_to_a_moment_lacks_what_came_after(void **state)
{
	(void)state;
	enter("012");
	task.state = TRACKD_COMPLETED;
	task.finished_ns = task.updated_ns + 1000000000u;
	delivered_task(&delivered, &task);
	delivered_until(&delivered, &task, task.stages[1].started_ns);
	assert_int_equal(delivered.stage, 1);
	assert_int_equal(delivered.state, TRACKD_ACTIVE);
	assert_int_equal(delivered_missing(&delivered, &task, NULL), 2);
	delivered_task(&delivered, &task);
	delivered_until(&delivered, &task, task.finished_ns);
	assert_int_equal(delivered.state, TRACKD_COMPLETED);
	assert_int_equal(delivered_missing(&delivered, &task, NULL), -1);
}

#define FOLLOWED(test) cmocka_unit_test_setup(test, make_task)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_event_is_its_lines_and_an_empty_one),
	cmocka_unit_test(it_is_taken_in_pieces_of_any_size),
	cmocka_unit_test(ids_come_back_as_they_went),
	cmocka_unit_test(what_is_no_id_is_none),
	FOLLOWED(an_update_tells_what_was_true_then),
	FOLLOWED(progress_never_reaches_the_next_stage),
	FOLLOWED(of_the_same_revision_nothing_is_changed),
	FOLLOWED(the_text_says_what_sort_of_update_it_is),
	FOLLOWED(nothing_is_missing_of_what_was_told),
	FOLLOWED(what_was_skipped_comes_first_in_order),
	FOLLOWED(a_retry_is_not_taken_for_a_loss),
	FOLLOWED(going_back_is_not_taken_for_a_loss),
	FOLLOWED(a_second_turn_that_was_lost_is_found),
	FOLLOWED(who_was_told_up_to_a_moment_lacks_what_came_after),
};

SUITE(tests)
