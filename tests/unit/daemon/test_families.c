/* SPDX-License-Identifier: MIT */
/* What the daemon does for parents: it ends them, also for what happened while it was away, and
 * cancels their children. */
#include "tests/harness/connections.h"
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 20000, MANY = 40 };

static struct trackd_ref create(const char *id, const char *parent, uint32_t flags)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	task.id = id;
	task.owner = "alice";
	task.parent = parent;
	task.flags = flags;
	HARNESS_MUST(trackd_create(writer, &task, &ref));
	return ref;
}

static struct trackd_task ended(struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	HARNESS_MUST(trackd_wait(reader, ref, TRACKD_WAIT_FINAL, NULL, WAIT_MS));
	HARNESS_MUST(trackd_copy(reader, ref, &task));
	return task;
}

static void a_parent_ends_after_its_last_child(void **state)
{
	struct trackd_ref parent = create("parent", NULL, TRACKD_ROLLUP | TRACKD_ROLLUP_ENDS);
	struct trackd_ref a = create("a", "parent", 0), b = create("b", "parent", 0);

	(void)state;
	HARNESS_MUST(trackd_close_children(writer, parent));
	assert_int_equal(trackd_create(writer,
				       &(struct trackd_new){ .size = sizeof(struct trackd_new),
							     .id = "c",
							     .owner = "alice",
							     .parent = "parent" },
				       NULL),
			 TRACKD_E_CLOSED);
	HARNESS_MUST(trackd_complete(writer, a, NULL));
	HARNESS_MUST(trackd_complete(writer, b, NULL));
	struct trackd_task task = ended(parent);
	assert_int_equal(task.state, TRACKD_COMPLETED);
	assert_string_equal(task.message, "All 2 sub-tasks completed");
	assert_int_equal(task.done, 2);
}

static void a_parent_that_is_closed_late_ends_at_once(void **state)
{
	struct trackd_ref parent = create("parent", NULL, TRACKD_ROLLUP | TRACKD_ROLLUP_ENDS);

	(void)state;
	HARNESS_MUST(trackd_fail(writer, create("a", "parent", 0), NULL));
	HARNESS_MUST(trackd_close_children(writer, parent));
	struct trackd_task task = ended(parent);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_string_equal(task.error, "1 of 1 sub-tasks failed");
}

static void a_cancellation_reaches_all_descendants(void **state)
{
	struct trackd_ref parent = create("parent", NULL, TRACKD_ROLLUP_ENDS), refs[MANY], active;
	char id[16];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "t%d", i);
		refs[i] = create(id, i < MANY / 2 ? "parent" : "t0", 0);
	}
	HARNESS_MUST(trackd_update(writer, refs[0], 0, NULL));
	active = create("active", "parent", 0);
	HARNESS_MUST(trackd_update(writer, active, 0, NULL));
	HARNESS_MUST(trackd_update(writer, parent, 0, NULL));
	assert_int_equal(trackd_cancel(writer, parent), TRACKD_CANCEL_ASKED);
	for (int i = 1; i < MANY; i++)
		assert_int_equal(ended(refs[i]).state, TRACKD_CANCELLED);
	while (trackd_cancel_requested(writer, active) == 0)
		;
	HARNESS_MUST(trackd_cancelled(writer, active, NULL));
	HARNESS_MUST(trackd_cancelled(writer, refs[0], NULL));
	assert_int_equal(ended(parent).state, TRACKD_CANCELLED);
}

static void what_happened_without_a_daemon_is_made_up_for(void **state)
{
	struct trackd_ref parent = create("parent", NULL, TRACKD_ROLLUP_ENDS);
	struct trackd_ref a = create("a", "parent", 0);

	(void)state;
	HARNESS_MUST(trackd_close_children(writer, parent));
	private_daemon_kill(&shared_daemon);
	HARNESS_MUST(trackd_complete(writer, a, NULL));
	private_daemon_restart(&shared_daemon);
	assert_int_equal(ended(parent).state, TRACKD_COMPLETED);
}

static const struct CMUnitTest tests[] = {
	CONNECTED(a_parent_ends_after_its_last_child),
	CONNECTED(a_parent_that_is_closed_late_ends_at_once),
	CONNECTED(a_cancellation_reaches_all_descendants),
	CONNECTED(what_happened_without_a_daemon_is_made_up_for),
};

SUITE_WITH(tests, connections_start, connections_stop)
