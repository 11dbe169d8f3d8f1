/* SPDX-License-Identifier: MIT */
/*
 * Copying a board to a new one: what stays the same, what may change between the two passes, and
 * when it is refused. tests/crash/replaced_anywhere and tests/stress/storm test that no
 * acknowledged call is lost.
 */
#include "daemon/board/carry.h"
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/signal/event.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 256 };

static struct board old, new;
static struct carry carry;
static uint64_t worker;

static int make_old(void **state)
{
	(void)state;
	harness_board(&old, CAPACITY);
	HARNESS_MUST(worker_claim(&old, getpid(), &worker));
	return 0;
}

static int free_both(void **state)
{
	(void)state;
	harness_board_free(&old);
	if (new.base)
		harness_board_free(&new);
	new.base = NULL;
	return 0;
}

static void begin(uint32_t capacity)
{
	harness_board(&new, capacity);
	HARNESS_MUST(carry_begin(&carry, &new, &old));
}

static int end(enum layout_closed how)
{
	segment_close(&old, how);
	return carry_end(&carry, how);
}

static void carry_all(uint32_t capacity, enum layout_closed how)
{
	begin(capacity);
	assert_int_equal(end(how), 0);
}

static void assert_healthy(void)
{
	char text[400] = "";

	if (inspection_faults(&new, text, sizeof text) > 0)
		fail_msg("%s", text);
}

static void complete(struct trackd_ref ref)
{
	struct record_end how = { .state = TRACKD_COMPLETED,
				  .message = "done",
				  .error = "a result" };

	HARNESS_MUST(record_end(&old, ref, &how, harness_soon()));
}

/* Tasks in all states, with everything that a record can hold. */
static unsigned fill(struct trackd_ref *refs, unsigned n)
{
	char id[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof id, "task-%u", i);
		refs[i] = harness_create(&old, id, i % 3 ? i % 3 == 1 ? "alice" : "bob" : NULL);
		if (i % 4 > 0) {
			HARNESS_MUST(record_update(&old, refs[i], TRACKD_EXTRACTING, "reading",
						   worker, harness_soon()));
			HARNESS_MUST(record_set_total(&old, refs[i], 100, harness_soon()));
			HARNESS_MUST(record_advance(&old, refs[i], i));
		}
		if (i % 4 > 1)
			HARNESS_MUST(record_cancel(&old, refs[i], harness_soon()));
		if (i % 4 > 2)
			complete(refs[i]);
	}
	return n;
}

static void assert_same_task(const struct board *board, struct trackd_ref ref,
			     const struct trackd_task *before)
{
	struct trackd_task after = TRACKD_TASK_INIT;

	assert_int_equal(view_copy(board, ref, 0, &after), 0);
	/* Equal to the byte, except that the boards' wall offsets may differ by some
	 * nanoseconds. */
	assert_true(after.created_ns - before->created_ns + NS_PER_S < 2 * NS_PER_S);
	after.created_ns = before->created_ns;
	after.started_ns = before->started_ns;
	after.updated_ns = before->updated_ns;
	after.finished_ns = before->finished_ns;
	after.expires_ns = before->expires_ns;
	after.cancel_requested_ns = before->cancel_requested_ns;
	memcpy(after.stages, before->stages, sizeof after.stages);
	after.ref = before->ref;
	assert_memory_equal(&after, before, sizeof after);
}

static void every_task_stays_what_and_where_it_is(void **state)
{
	static const uint32_t capacities[] = { CAPACITY, 4 * CAPACITY, CAPACITY / 2 };
	struct trackd_ref refs[CAPACITY / 2];
	struct trackd_task before = TRACKD_TASK_INIT;

	(void)state;
	unsigned n = fill(refs, CAPACITY / 2);
	for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++) {
		carry_all(capacities[c], LAYOUT_CLOSED);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(view_copy(&old, refs[i], 0, &before), 0);
			assert_same_task(&new, refs[i], &before);
		}
		assert_int_equal(slot_count(&new), n);
		assert_int_equal(carry.tasks, n);
		assert_int_equal(carry.moved + carry.lost, 0);
		assert_healthy();
		segment_close(&old, LAYOUT_OPEN);
		carry_unseal(&old, NS_PER_S);
		harness_board_free(&new);
	}
	new.base = NULL;
}

static void an_owners_tasks_keep_their_order(void **state)
{
	struct trackd_iter before, after;
	struct trackd_ref refs[CAPACITY / 2], a, b;
	char id[32];

	(void)state;
	fill(refs, CAPACITY / 2);
	begin(CAPACITY);
	/* Created and removed between the passes, in slots before those of other tasks. */
	for (unsigned i = 0; i < 12; i++)
		HARNESS_MUST(slot_remove(&old, refs[i * 2 + 1], SLOT_REMOVE_ASKED, harness_soon()));
	old.header->cursor = 0;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(id, sizeof id, "late-%u", i);
		harness_create(&old, id, i % 2 ? "alice" : "bob");
		if (i == 9)
			old.header->cursor = CAPACITY / 2;
	}
	assert_int_equal(end(LAYOUT_CLOSED), 0);
	for (int i = 0; i < 2; i++) {
		view_iter_owner(&old, i ? "alice" : "bob", &before);
		view_iter_owner(&new, i ? "alice" : "bob", &after);
		unsigned n = 0;
		while (view_next(&before, &a) == 1) {
			assert_int_equal(view_next(&after, &b), 1);
			assert_memory_equal(&a, &b, sizeof a);
			n++;
		}
		assert_true(n > 10);
		assert_int_equal(view_next(&after, &b), 0);
	}
	assert_healthy();
}

static void what_changes_between_the_copies_is_copied_again(void **state)
{
	struct trackd_ref updated, counted, ended, removed, late, still;
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	updated = harness_create(&old, "updated", NULL);
	counted = harness_create(&old, "counted", NULL);
	ended = harness_create(&old, "ended", NULL);
	removed = harness_create(&old, "removed", NULL);
	still = harness_create(&old, "still", NULL);
	complete(still);
	begin(CAPACITY);
	HARNESS_MUST(record_update(&old, updated, TRACKD_CHUNKING, "new", worker, harness_soon()));
	HARNESS_MUST(record_advance(&old, counted, 7));
	complete(ended);
	HARNESS_MUST(slot_remove(&old, removed, SLOT_REMOVE_ASKED, harness_soon()));
	late = harness_create(&old, "late", "alice");
	assert_int_equal(end(LAYOUT_CLOSED), 0);

	assert_int_equal(view_copy(&new, updated, 0, &task), 0);
	assert_string_equal(task.message, "new");
	assert_int_equal(task.worker_pid, getpid());
	assert_int_equal(view_copy(&new, counted, 0, &task), 0);
	assert_int_equal(task.done, 7);
	assert_int_equal(view_copy(&new, ended, 0, &task), 0);
	assert_int_equal(task.state, TRACKD_COMPLETED);
	assert_int_equal(view_copy(&new, removed, 0, &task), TRACKD_E_GONE);
	assert_int_equal(view_copy(&new, late, 0, &task), 0);
	assert_int_equal(view_copy(&new, still, 0, &task), 0);
	assert_int_equal(carry.again, 3); /* `counted` has a new count but no new version */
	assert_healthy();
}

static void a_worker_that_came_between_the_copies_is_known(void **state)
{
	struct trackd_ref ref = harness_create(&old, "a", NULL);
	struct worker_info info;
	uint64_t other;
	struct layout_copy *copy;

	(void)state;
	begin(CAPACITY);
	HARNESS_MUST(worker_claim(&old, getppid(), &other));
	HARNESS_MUST(record_update(&old, ref, TRACKD_CHUNKING, NULL, other, harness_soon()));
	assert_int_equal(end(LAYOUT_CLOSED), 0);
	copy = &new.bodies[ref.slot].copy[stamp_version(new.heads[ref.slot].stamp) & 1];
	assert_int_equal(copy->worker, other);
	assert_true(worker_resolve(&new, other, &info));
	assert_int_equal(info.pid, getppid());
}

static void nothing_is_counted_on_a_closed_board(void **state)
{
	struct trackd_ref ref = harness_create(&old, "a", NULL);

	(void)state;
	HARNESS_MUST(record_advance(&old, ref, 3));
	carry_all(CAPACITY, LAYOUT_CLOSED);
	assert_true(record_advance(&old, ref, 4) < 0);
	assert_int_equal(record_advance(&new, ref, 4), 0);
	segment_close(&old, LAYOUT_OPEN);
	carry_unseal(&old, NS_PER_S);
	assert_int_equal(record_advance(&old, ref, 5), 0);
}

static void events_go_on_where_they_were(void **state)
{
	struct trackd_cursor cursor = event_cursor(&old, 0);
	struct trackd_event event = TRACKD_EVENT_INIT;
	struct trackd_ref refs[8];

	(void)state;
	fill(refs, 8);
	for (int i = 0; i < 3; i++)
		assert_int_equal(event_next(&old, &cursor, &event), 1);
	uint64_t sequence = event.sequence;
	carry_all(4 * CAPACITY, LAYOUT_CLOSED);
	while (event_next(&new, &cursor, &event) == 1)
		assert_int_equal(event.sequence, ++sequence);
	assert_int_equal(sequence + 1, event_head(&old));
	assert_int_equal(cursor.lost, 0);
	harness_create(&new, "next", NULL);
	assert_int_equal(event_next(&new, &cursor, &event), 1);
	assert_string_equal(event.id, "next");
}

static void kinds_keep_their_numbers(void **state)
{
	static const struct trackd_stage_def stages[] = { { "reading", 0 }, { "writing", 80 } };

	(void)state;
	int two = harness_must(kind_declare(&old, "two", stages, 2, harness_soon()), "declare");
	begin(CAPACITY);
	int one = harness_must(kind_declare(&old, "one", stages, 1, harness_soon()), "declare");
	assert_int_equal(end(LAYOUT_CLOSED), 0);
	assert_int_equal(kind_find(&new, "two"), two);
	assert_int_equal(kind_find(&new, "one"), one);
	assert_int_equal(kind_stage_find(&new, two, "writing"), 1);
}

static void a_stale_reference_stays_stale(void **state)
{
	struct trackd_ref gone = harness_create(&old, "a", NULL);
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	HARNESS_MUST(slot_remove(&old, gone, SLOT_REMOVE_ASKED, harness_soon()));
	carry_all(CAPACITY, LAYOUT_CLOSED);
	new.header->cursor = gone.slot;
	struct trackd_ref next = harness_create(&new, "b", NULL);
	assert_int_equal(next.slot, gone.slot);
	assert_int_equal(next.generation, gone.generation + 1);
	assert_int_equal(view_copy(&new, gone, 0, &task), TRACKD_E_GONE);
}

static void records_above_a_smaller_capacity_move(void **state)
{
	struct trackd_ref refs[CAPACITY / 2];
	struct trackd_task before = TRACKD_TASK_INIT;
	struct trackd_task after = TRACKD_TASK_INIT;
	struct trackd_iter iter;
	struct trackd_ref ref;
	uint64_t serial = UINT64_MAX;

	(void)state;
	old.header->cursor = CAPACITY / 4 + LAYOUT_SPARE;
	unsigned n = fill(refs, CAPACITY / 2);
	carry_all(CAPACITY / 2, LAYOUT_CLOSED);
	assert_int_equal(carry.moved, CAPACITY / 4);
	assert_int_equal(slot_count(&new), n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(view_copy(&old, refs[i], 0, &before), 0);
		assert_int_equal(view_lookup(&new, before.id, 0, &ref), 0);
		assert_true(ref.slot == refs[i].slot || refs[i].slot >= new.capacity);
		assert_same_task(&new, ref, &before);
	}
	view_iter_owner(&new, "alice", &iter);
	while (view_next(&iter, &ref) == 1) {
		assert_int_equal(view_copy(&new, ref, 0, &after), 0);
		assert_true(after.serial < serial);
		serial = after.serial;
	}
	assert_healthy();
}

static void more_tasks_than_slots_are_refused(void **state)
{
	struct trackd_ref refs[CAPACITY / 2 + 1];

	(void)state;
	fill(refs, CAPACITY / 2 + 1);
	begin(CAPACITY / 2);
	assert_int_equal(end(LAYOUT_CLOSED), TRACKD_E_FULL);
}

static void a_held_lock_is_named_and_prevents_the_replacement(void **state)
{
	struct trackd_ref ref = harness_create(&old, "a", NULL);
	union layout_mutex *const mutexes[] = { &old.kinds->mutex, &old.id_stripes[7].mutex,
						&old.bodies[ref.slot].mutex };

	(void)state;
	for (size_t i = 0; i < sizeof mutexes / sizeof mutexes[0]; i++) {
		begin(CAPACITY);
		pid_t holder = client_holding_lock(mutexes[i]);
		assert_int_equal(end(LAYOUT_CLOSED), -EBUSY);
		assert_ptr_equal(carry.held, mutexes[i]);
		assert_int_equal(lock_holder(carry.held), holder);
		/* A dead holder does not prevent the replacement. */
		harness_kill(holder, SIGKILL);
		assert_int_equal(carry_end(&carry, LAYOUT_CLOSED), 0);
		segment_close(&old, LAYOUT_OPEN);
		carry_unseal(&old, NS_PER_S);
		harness_board_free(&new);
	}
	new.base = NULL;
}

static void a_damaged_board_is_copied_past_a_lock(void **state)
{
	struct trackd_ref ref = harness_create(&old, "a", NULL);
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	pid_t holder = client_holding_lock(&old.bodies[ref.slot].mutex);
	carry_all(CAPACITY, LAYOUT_CLOSED_BLIND);
	assert_int_equal(view_copy(&new, ref, 0, &task), 0);
	assert_healthy();
	harness_kill(holder, SIGKILL);
}

static void garbage_is_left_behind(void **state)
{
	struct trackd_ref refs[8];

	(void)state;
	fill(refs, 8);
	old.bodies[refs[0].slot].id[0] = '/';
	old.heads[refs[1].slot].id_hash ^= 1;
	old.heads[refs[2].slot].hint |= 0xff000000u;
	old.bodies[refs[3].slot].copy[stamp_version(old.heads[refs[3].slot].stamp) & 1].state = 77;
	memset(old.details[refs[4].slot].owner, 'x', LAYOUT_OWNER);
	memset(old.id_buckets, 0xff, CAPACITY * sizeof *old.id_buckets);
	memset(old.used_map, 0, CAPACITY / 8);
	carry_all(CAPACITY, LAYOUT_CLOSED_BLIND);
	assert_int_equal(carry.lost, 5);
	assert_int_equal(slot_count(&new), 3);
	assert_healthy();
}

static void an_owner_of_many_is_carried_in_linear_time(void **state)
{
	enum { MANY = 4096 };
	struct board big;
	char id[32];

	(void)state;
	harness_board(&big, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "t-%u", i);
		harness_create(&big, id, "alice");
	}
	harness_board(&new, MANY);
	HARNESS_MUST(carry_begin(&carry, &new, &big));
	segment_close(&big, LAYOUT_CLOSED);
	assert_int_equal(carry_end(&carry, LAYOUT_CLOSED), 0);
	assert_int_equal(carry.again, 0); /* no unchanged record is copied twice */
	assert_healthy();
	harness_board_free(&big);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_old, free_both)

static const struct CMUnitTest tests[] = {
	CASE(every_task_stays_what_and_where_it_is),
	CASE(an_owners_tasks_keep_their_order),
	CASE(what_changes_between_the_copies_is_copied_again),
	CASE(a_worker_that_came_between_the_copies_is_known),
	CASE(nothing_is_counted_on_a_closed_board),
	CASE(events_go_on_where_they_were),
	CASE(kinds_keep_their_numbers),
	CASE(a_stale_reference_stays_stale),
	CASE(records_above_a_smaller_capacity_move),
	CASE(more_tasks_than_slots_are_refused),
	CASE(a_held_lock_is_named_and_prevents_the_replacement),
	CASE(a_damaged_board_is_copied_past_a_lock),
	CASE(garbage_is_left_behind),
	CASE(an_owner_of_many_is_carried_in_linear_time),
};

SUITE(tests)
