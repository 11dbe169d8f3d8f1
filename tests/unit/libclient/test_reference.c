/* SPDX-License-Identifier: MIT */
/* References over the life of boards, and the calls by which a program finds its tasks again. */
#include "libclient/segment/layout.h"
#include "tests/harness/connections.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 16, TIMEOUT_MS = 80 };

/* ---- Calls that take a reference -------------------------------------------- */

static int get(struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	return trackd_get(reader, ref, &view);
}

static int copy(struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	return trackd_copy(reader, ref, &task);
}

static int ask(struct trackd_ref ref)
{
	return trackd_cancel_requested(reader, ref);
}

static int iterate(struct trackd_ref ref)
{
	struct trackd_iter iter;

	return trackd_iter_after(reader, "alice", ref, &iter);
}

static int await(struct trackd_ref ref)
{
	return trackd_wait(reader, ref, TRACKD_WAIT_FINAL, NULL, 0);
}

static int update(struct trackd_ref ref)
{
	return trackd_update(writer, ref, 0, NULL);
}

static int stage(struct trackd_ref ref)
{
	return trackd_stage(writer, ref, 0, 1, NULL);
}

static int advance(struct trackd_ref ref)
{
	return trackd_advance(writer, ref, 1);
}

static int set_total(struct trackd_ref ref)
{
	return trackd_set_total(writer, ref, 1);
}

static int set_progress(struct trackd_ref ref)
{
	return trackd_set_progress(writer, ref, 1, 1);
}

static int complete(struct trackd_ref ref)
{
	return trackd_complete(writer, ref, NULL);
}

static int fail_task(struct trackd_ref ref)
{
	return trackd_fail(writer, ref, NULL);
}

static int cancelled(struct trackd_ref ref)
{
	return trackd_cancelled(writer, ref, NULL);
}

static int cancel(struct trackd_ref ref)
{
	return trackd_cancel(writer, ref);
}

static int remove_task(struct trackd_ref ref)
{
	return trackd_remove(writer, ref);
}

static int (*const calls[])(struct trackd_ref) = { get,       copy,         ask,        iterate,
						   await,     update,       stage,      advance,
						   set_total, set_progress, cancel,     fail_task,
						   cancelled, complete,     remove_task };

static void expect_everywhere(struct trackd_ref ref, int answer)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (calls[i](ref) != answer)
			fail_msg("call %zu answers %d, not %d", i, calls[i](ref), answer);
}

static struct trackd_ref of_another_board(struct trackd_ref ref)
{
	uint32_t number = ref_number(ref.slot) % REF_NUMBERS + 1;

	return (struct trackd_ref){ (ref.slot & REF_SLOT_MASK) | number << 24, ref.generation };
}

static void a_reference_to_an_earlier_board_has_moved(void **state)
{
	struct trackd_ref ref = connections_create("a");

	(void)state;
	expect_everywhere(of_another_board(ref), TRACKD_E_MOVED);
	assert_int_equal(copy(ref), 0); /* and nothing was changed */
	assert_int_equal(connections_task(ref).state, TRACKD_PENDING);
}

static void a_reference_to_a_removed_task_is_gone(void **state)
{
	struct trackd_ref ref = connections_create("a");

	(void)state;
	assert_int_equal(trackd_remove(writer, ref), 0);
	expect_everywhere(ref, TRACKD_E_GONE);
}

static void no_task_has_the_reference_of_zeros(void **state)
{
	(void)state;
	for (int i = 0; i < CAPACITY; i++)
		connections_create((char[]){ (char)('a' + i), '\0' });
	expect_everywhere(TRACKD_REF_NONE, TRACKD_E_GONE);
	assert_true(trackd_ref_equal(TRACKD_REF_NONE, (struct trackd_ref){ 0, 0 }));
	assert_false(trackd_ref_equal(TRACKD_REF_NONE, (struct trackd_ref){ 1, 0 }));
	assert_false(trackd_ref_equal(TRACKD_REF_NONE, (struct trackd_ref){ 0, 1 }));
}

/* Every way by which a reference comes to a caller gives the same one. */
static void every_call_returns_the_same_reference(void **state)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_ref ref, found;
	struct trackd_cursor cursor;
	struct trackd_iter iter;

	(void)state;
	trackd_cursor_now(reader, &cursor);
	new.id = "a";
	new.owner = "alice";
	assert_int_equal(trackd_create(writer, &new, &ref), 0);
	assert_int_equal(ref_number(ref.slot), linked.board.header->number);
	assert_int_equal(trackd_lookup(reader, "a", &found), 0);
	assert_true(trackd_ref_equal(ref, found));
	trackd_iter_all(reader, &iter);
	assert_int_equal(trackd_next(reader, &iter, &found), 1);
	assert_true(trackd_ref_equal(ref, found));
	assert_int_equal(trackd_iter_owner(reader, "alice", &iter), 0);
	assert_int_equal(trackd_next(reader, &iter, &found), 1);
	assert_true(trackd_ref_equal(ref, found));
	assert_int_equal(trackd_next_event(reader, &cursor, &event), 1);
	assert_true(trackd_ref_equal(ref, event.ref));
	assert_true(trackd_ref_equal(ref, connections_view(ref).ref));
	assert_true(trackd_ref_equal(ref, connections_task(ref).ref));
	assert_int_equal(trackd_follow(reader, "a", connections_task(ref).serial, &found), 0);
	assert_true(trackd_ref_equal(ref, found));
	assert_int_equal(trackd_wait_id(reader, "a", 0, &found), 0);
	assert_true(trackd_ref_equal(ref, found));
}

/* ---- Structs without a size --------------------------------------------------- */

static void a_struct_without_its_size_is_not_filled(void **state)
{
	struct trackd_ref ref = connections_create("a");
	struct trackd_event event = { .size = sizeof event - 1 };
	struct trackd_task task = { .size = sizeof task - 1 };
	struct trackd_view view = { .size = sizeof view - 1 };
	struct trackd_kind kind = { .size = sizeof kind - 1 };
	struct trackd_cursor cursor;

	(void)state;
	trackd_cursor_at(reader, 0, &cursor);
	assert_int_equal(trackd_get(reader, ref, &view), TRACKD_E_SIZE);
	assert_int_equal(trackd_copy(reader, ref, &task), TRACKD_E_SIZE);
	assert_int_equal(trackd_next_event(reader, &cursor, &event), TRACKD_E_SIZE);
	assert_int_equal(trackd_kind_get(reader, 0, &kind), TRACKD_E_SIZE);
	assert_int_equal(cursor.next, 0);
	assert_int_equal(view.revision + task.revision + event.revision, 0);
	assert_int_equal(kind.n_stages, 0);
}

/* ---- A stage with its total ---------------------------------------------------- */

static void a_stage_comes_with_its_total_in_one_version(void **state)
{
	struct trackd_ref ref = connections_create("a");
	struct trackd_task task;

	(void)state;
	assert_int_equal(trackd_stage(writer, ref, TRACKD_CHUNKING, 200, "begins"), 0);
	task = connections_task(ref);
	assert_int_equal(task.revision, 2);
	assert_int_equal(task.stage, TRACKD_CHUNKING);
	assert_int_equal(task.total, 200);
	assert_string_equal(task.message, "begins");
	assert_int_equal(task.worker_pid, getpid());
	assert_int_equal(trackd_advance(writer, ref, 50), 0);
	/* In it already: it does not begin again. */
	assert_int_equal(trackd_stage(writer, ref, TRACKD_CHUNKING, 100, NULL), 0);
	task = connections_task(ref);
	assert_int_equal(task.done, 50);
	assert_int_equal(task.total, 100);
	assert_string_equal(task.message, "begins");
	assert_int_equal(trackd_stage(writer, ref, TRACKD_EXTRACTING, 7, NULL), 0); /* a retry */
	task = connections_task(ref);
	assert_int_equal(task.done, 0);
	assert_int_equal(task.total, 7);
	assert_int_equal(trackd_stage(writer, ref, 5, 7, NULL), TRACKD_E_STAGE);
	assert_int_equal(trackd_stage(writer, ref, TRACKD_STAGE_KEEP, 7, NULL), TRACKD_E_STAGE);
	assert_int_equal(trackd_stage(writer, ref, 0, TRACKD_WORK_MAX + 1, NULL),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(trackd_stage(reader, ref, 0, 1, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(connections_task(ref).revision, task.revision);
	assert_int_equal(trackd_complete(writer, ref, NULL), 0);
	assert_int_equal(trackd_stage(writer, ref, 0, 1, NULL), TRACKD_E_FINAL);
}

/* ---- Finding tasks ------------------------------------------------------------- */

static void a_task_is_followed_by_its_serial(void **state)
{
	struct trackd_ref ref = connections_create("a"), found = { 4711, 0 };
	uint64_t serial = connections_task(ref).serial;
	struct trackd_view view = connections_view(ref);
	struct trackd_new new = TRACKD_NEW_INIT;

	(void)state;
	assert_int_equal(trackd_view_serial(&view), serial);
	assert_int_equal(connections_task(connections_create("b")).serial, serial + 1);
	assert_int_equal(trackd_follow(reader, "c", serial, &found), TRACKD_E_NOT_FOUND);
	assert_int_equal(trackd_follow(reader, "a c", serial, &found), TRACKD_E_KEY);
	assert_int_equal(trackd_follow(reader, "b", serial, &found), TRACKD_E_GONE);
	new.id = "a"; /* a retry of somebody else's */
	new.flags = TRACKD_REPLACE;
	assert_int_equal(trackd_create(writer, &new, NULL), 0);
	assert_int_equal(trackd_follow(reader, "a", serial, &found), TRACKD_E_GONE);
	assert_int_equal(found.slot, 4711);
	assert_int_equal(trackd_follow(reader, "a", serial + 2, &found), 0);
}

static void an_id_is_waited_for(void **state)
{
	struct trackd_ref found = { 4711, 0 };
	uint64_t before = clock_monotonic_ns();

	(void)state;
	assert_int_equal(trackd_wait_id(reader, "late", 60, &found), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - before >= 60 * NS_PER_MS);
	assert_int_equal(trackd_wait_id(reader, "too late", 60, &found), TRACKD_E_KEY);
	assert_int_equal(found.slot, 4711);
	pid_t pid = harness_fork();
	if (pid == 0) {
		struct trackd_new new = TRACKD_NEW_INIT;

		connections_pass_gate();
		usleep(20000);
		new.id = "late";
		_exit(trackd_create(writer, &new, NULL) != 0);
	}
	connections_open_gate();
	assert_int_equal(trackd_wait_id(reader, "late", 30000, &found), 0);
	assert_string_equal(connections_task(found).id, "late");
	assert_int_equal(harness_reap(pid), 0);
}

#define ALONE(test) CONNECTED_ALONE(test, CAPACITY, TIMEOUT_MS)

static const struct CMUnitTest tests[] = {
	ALONE(a_reference_to_an_earlier_board_has_moved),
	ALONE(a_reference_to_a_removed_task_is_gone),
	ALONE(no_task_has_the_reference_of_zeros),
	ALONE(every_call_returns_the_same_reference),
	ALONE(a_struct_without_its_size_is_not_filled),
	ALONE(a_stage_comes_with_its_total_in_one_version),
	ALONE(a_task_is_followed_by_its_serial),
	CONNECTED(an_id_is_waited_for),
};

SUITE_WITH(tests, connections_start, connections_stop)
