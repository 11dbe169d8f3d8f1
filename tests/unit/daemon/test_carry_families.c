/* SPDX-License-Identifier: MIT */
/* Copying a board to a new one: families. */
#include "daemon/board/carry.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/suite.h"
#include <string.h>

enum { CAPACITY = 256 };

static struct board old, new;

static int make_old(void **state)
{
	(void)state;
	harness_board(&old, CAPACITY);
	return 0;
}

static int free_both(void **state)
{
	(void)state;
	harness_board_free(&old);
	harness_board_free(&new);
	return 0;
}

static void carry_all(uint32_t capacity, enum layout_closed how)
{
	struct carry carry;

	harness_board(&new, capacity);
	HARNESS_MUST(carry_begin(&carry, &new, &old));
	segment_close(&old, how);
	assert_int_equal(carry_end(&carry, how), 0);
}

static void assert_healthy(void)
{
	char text[400] = "";

	if (inspection_faults(&new, text, sizeof text) > 0)
		fail_msg("%s", text);
}

static void complete(struct trackd_ref ref)
{
	struct record_end how = { .state = TRACKD_COMPLETED, .message = "done" };

	HARNESS_MUST(record_end(&old, ref, &how, harness_soon()));
}

static struct trackd_ref add_child(const char *id, const char *parent)
{
	const struct tenant_new task = {
		.id = id, .owner = "alice", .name = "", .message = "", .parent = parent, .weight = 3
	};
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&old, &task, harness_soon(), &ref));
	return ref;
}

static struct trackd_task find(const char *id)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	HARNESS_MUST(view_lookup(&new, id, 0, &ref));
	HARNESS_MUST(view_copy(&new, ref, 0, &task));
	return task;
}

static void fill_families(void)
{
	struct trackd_ref done;

	(void)harness_create(&old, "parent", "alice");
	(void)add_child("pending", "parent");
	done = add_child("done", "parent");
	complete(done);
	complete(add_child("completed", "parent"));
	(void)add_child("grandchild", "pending");
	HARNESS_MUST(slot_remove(&old, done, SLOT_REMOVE_EVICTED, harness_soon()));
	struct trackd_ref gone = harness_create(&old, "gone", "alice");
	(void)add_child("orphan", "gone");
	HARNESS_MUST(slot_remove(&old, gone, SLOT_REMOVE_ASKED, harness_soon()));
}

static void assert_families(void)
{
	struct trackd_task parent = find("parent");

	assert_int_equal(parent.children.pending, 1);
	assert_int_equal(parent.children.completed, 1);
	assert_int_equal(parent.children.gone_completed, 1);
	assert_string_equal(find("pending").parent, "parent");
	assert_string_equal(find("grandchild").parent, "pending");
	assert_int_equal(find("grandchild").depth, 2);
	assert_int_equal(find("grandchild").weight, 3);
	assert_string_equal(find("orphan").parent, "");
	assert_healthy();
}

static void families_are_carried(void **state)
{
	(void)state;
	fill_families();
	carry_all(CAPACITY, LAYOUT_CLOSED);
	assert_families();
}

static void families_move_with_their_records(void **state)
{
	(void)state;
	old.header->cursor = 200;
	fill_families();
	carry_all(16, LAYOUT_CLOSED);
	assert_families();
}

static void families_of_a_damaged_board_fit_their_records(void **state)
{
	struct trackd_ref ref;

	(void)state;
	fill_families();
	HARNESS_MUST(view_lookup(&old, "parent", 0, &ref));
	memset(&old.families[ref.slot].first, 0xff, sizeof old.families[ref.slot].first);
	old.families[ref.slot].children[old.families[ref.slot].version & 1].pending = 77;
	carry_all(CAPACITY, LAYOUT_CLOSED_BLIND);
	assert_families();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_old, free_both)

static const struct CMUnitTest tests[] = {
	CASE(families_are_carried),
	CASE(families_move_with_their_records),
	CASE(families_of_a_damaged_board_fit_their_records),
};

SUITE(tests)
