/* SPDX-License-Identifier: MIT */
/* Sub-tasks: who can be a parent, what it counts, how long it lives, and its children in order. */
#include "libclient/family/children.h"
#include "libclient/family/family.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/rollup.h"
#include "libclient/record/rollup_end.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/inspection.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 64 };

static int try_child(const char *id, const char *owner, const char *parent, uint32_t weight,
		     struct trackd_ref *ret_ref)
{
	const struct tenant_new task = { .id = id,
					 .owner = owner,
					 .name = "",
					 .message = "",
					 .parent = parent,
					 .weight = weight };

	return tenant_create(&own_board, &task, harness_soon(), ret_ref);
}

static struct trackd_ref child(const char *id, const char *parent)
{
	struct trackd_ref ref;

	HARNESS_MUST(try_child(id, "alice", parent, 0, &ref));
	return ref;
}

static struct trackd_ref rollup(const char *id, uint32_t flags, uint32_t expected)
{
	const struct tenant_new task = { .id = id,
					 .owner = "alice",
					 .name = "",
					 .message = "",
					 .rollup = true,
					 .family_flags = flags,
					 .family_expected = expected };
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
	return ref;
}

static void assert_children(struct trackd_ref parent, uint32_t pending, uint32_t active,
			    uint32_t completed, uint32_t failed, uint32_t cancelled)
{
	struct trackd_children n = own_task(parent).children;

	assert_int_equal(n.pending, pending);
	assert_int_equal(n.active, active);
	assert_int_equal(n.completed, completed);
	assert_int_equal(n.failed, failed);
	assert_int_equal(n.cancelled, cancelled);
	assert_int_equal(inspection_print(&own_board, "family"), 0);
}

/* ---- Counts -------------------------------------------------------------- */

static void a_parent_counts_its_children_by_state(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice"), refs[4];

	(void)state;
	refs[0] = child("a", "parent");
	refs[1] = child("b", "parent");
	refs[2] = child("c", "parent");
	refs[3] = child("d", "parent");
	assert_children(parent, 4, 0, 0, 0, 0);
	HARNESS_MUST(own_update(refs[0], 0));
	HARNESS_MUST(own_update(refs[0], 1));
	HARNESS_MUST(own_update(refs[1], 0));
	assert_children(parent, 2, 2, 0, 0, 0);
	HARNESS_MUST(own_end(refs[0], TRACKD_COMPLETED));
	HARNESS_MUST(own_end(refs[1], TRACKD_FAILED));
	assert_int_equal(record_cancel(&own_board, refs[2], harness_soon()), TRACKD_CANCEL_ENDED);
	assert_children(parent, 1, 0, 1, 1, 1);
	own_remove(refs[3]);
	own_remove(refs[0]);
	assert_children(parent, 0, 0, 0, 1, 1);
	assert_string_equal(own_task(refs[1]).parent, "parent");
	assert_int_equal(own_task(refs[1]).depth, 1);
}

static void a_replaced_child_counts_once(void **state)
{
	struct tenant_new task = { .id = "a",
				   .owner = "alice",
				   .name = "",
				   .message = "",
				   .replace = true,
				   .parent = "parent" };
	struct trackd_ref parent = own_create("parent", "alice"), ref = child("a", "parent");

	(void)state;
	HARNESS_MUST(own_end(ref, TRACKD_FAILED));
	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
	assert_children(parent, 1, 0, 0, 0, 0);
	task.parent = NULL;
	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
	assert_children(parent, 0, 0, 0, 0, 0);
}

static void the_children_of_a_removed_parent_have_none(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice");
	struct trackd_ref ref = child("a", "parent"), other = child("b", "parent");

	(void)state;
	own_remove(parent);
	assert_string_equal(own_task(ref).parent, "");
	own_complete(ref);
	own_remove(other);
	parent = own_create_in(parent.slot, "parent", "alice");
	(void)child("c", "parent");
	own_remove(ref);
	assert_children(parent, 1, 0, 0, 0, 0);
}

static void what_expires_or_is_evicted_stays_counted(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice");
	struct trackd_ref done = child("done", "parent"), open = child("open", "parent");

	(void)state;
	own_complete(done);
	HARNESS_MUST(slot_remove(&own_board, done, SLOT_REMOVE_EVICTED, harness_soon()));
	own_board.heads[open.slot].deadline = 1;
	HARNESS_MUST(slot_remove(&own_board, open, SLOT_REMOVE_EXPIRED, harness_soon()));
	assert_children(parent, 0, 0, 0, 0, 0);
	assert_int_equal(own_task(parent).children.gone_completed, 1);
	assert_int_equal(own_task(parent).children.gone_failed, 1);
}

/* ---- Who can be a parent -------------------------------------------------- */

static void a_parent_is_open_of_the_same_owner_and_not_too_deep(void **state)
{
	struct trackd_ref final = own_create("final", "alice"),
			  asked = own_create("asked", "alice");
	struct trackd_ref closed = own_create("closed", "alice"), ref;
	char id[16] = "t0", parent[16];

	(void)state;
	own_complete(final);
	HARNESS_MUST(own_update(asked, 0));
	HARNESS_MUST(record_cancel(&own_board, asked, harness_soon()));
	HARNESS_MUST(parent_close(&own_board, closed, harness_soon()));
	assert_int_equal(try_child("a", "alice", "nobody", 0, &ref), TRACKD_E_PARENT);
	assert_int_equal(try_child("a", "alice", "a", 0, &ref), TRACKD_E_PARENT);
	assert_int_equal(try_child("a", "alice", "final", 0, &ref), TRACKD_E_PARENT);
	assert_int_equal(try_child("a", "alice", "asked", 0, &ref), TRACKD_E_PARENT);
	assert_int_equal(try_child("a", "alice", "closed", 0, &ref), TRACKD_E_CLOSED);
	(void)own_create("t0", "alice");
	assert_int_equal(try_child("a", "bob", "t0", 0, &ref), TRACKD_E_PARENT);
	for (int i = 1; i <= LAYOUT_DEPTH; i++) {
		memcpy(parent, id, sizeof parent);
		snprintf(id, sizeof id, "t%d", i);
		assert_int_equal(own_task(child(id, parent)).depth, i);
	}
	assert_int_equal(try_child("a", "alice", id, 0, &ref), TRACKD_E_PARENT);
	assert_int_equal(inspection_print(&own_board, "depth"), 0);
}

static void a_parent_is_set_once_and_only_an_older_one(void **state)
{
	struct trackd_ref old = own_create("old", "alice"), ref = own_create("a", "alice");
	struct trackd_ref young = own_create("young", "alice");

	(void)state;
	assert_int_equal(parent_set(&own_board, ref, "young", harness_soon()), TRACKD_E_PARENT);
	assert_int_equal(parent_set(&own_board, ref, "a", harness_soon()), TRACKD_E_PARENT);
	HARNESS_MUST(own_update(ref, 0));
	HARNESS_MUST(parent_set(&own_board, ref, "old", harness_soon()));
	assert_children(old, 0, 1, 0, 0, 0);
	assert_int_equal(parent_set(&own_board, ref, "old", harness_soon()), TRACKD_E_PARENT);
	assert_int_equal(parent_set(&own_board, old, "young", harness_soon()), TRACKD_E_PARENT);
	own_complete(young);
	assert_int_equal(parent_set(&own_board, young, "old", harness_soon()), TRACKD_E_FINAL);
}

/* ---- Lifetime -------------------------------------------------------------- */

static void a_parent_outlives_its_open_children(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice"), ref = child("a", "parent");
	struct trackd_ref other = child("b", "parent");
	uint64_t *deadline = &own_board.heads[parent.slot].deadline;

	(void)state;
	assert_true(*deadline == UINT64_MAX);
	HARNESS_MUST(own_update(parent, 0));
	assert_true(*deadline == UINT64_MAX);
	own_complete(ref);
	assert_true(*deadline == UINT64_MAX);
	own_complete(parent);
	assert_int_equal(slot_remove(&own_board, parent, SLOT_REMOVE_EVICTED, harness_soon()),
			 -EAGAIN);
	own_complete(other);
	assert_true(*deadline < UINT64_MAX);
	HARNESS_MUST(slot_remove(&own_board, parent, SLOT_REMOVE_EVICTED, harness_soon()));
}

static void an_open_parent_lives_on_from_its_last_childs_end(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice"), ref = child("a", "parent");

	(void)state;
	uint64_t updated = own_view(parent).updated_boot_ns;
	own_complete(ref);
	assert_true(own_view(parent).updated_boot_ns > updated);
	assert_true(own_board.heads[parent.slot].deadline < UINT64_MAX);
}

/* ---- Sums ------------------------------------------------------------------- */

static struct trackd_rollup sum_of(struct trackd_ref ref)
{
	struct trackd_rollup rollup = TRACKD_ROLLUP_INIT;

	HARNESS_MUST(rollup_sum(&own_board, ref, &rollup));
	return rollup;
}

static void a_rollup_shows_how_many_have_ended(void **state)
{
	struct trackd_ref parent = rollup("parent", 0, 4), ref = child("a", "parent");

	(void)state;
	(void)child("b", "parent");
	own_complete(ref);
	assert_int_equal(own_view(parent).done, 1);
	assert_int_equal(own_view(parent).total, 4);
	assert_int_equal(own_task(parent).progress, 25);
	struct trackd_view view = own_view(parent);
	assert_int_equal(trackd_view_progress(&view), 25);
	own_complete(child("c", "parent"));
	own_complete(child("d", "parent"));
	own_complete(child("e", "parent"));
	assert_int_equal(own_task(parent).progress, 80);
	assert_int_equal(own_task(parent).rollup, TRACKD_ROLLUP);
}

static void the_fine_sum_is_weighted(void **state)
{
	struct trackd_ref parent = rollup("parent", 0, 0), heavy, light;

	(void)state;
	HARNESS_MUST(try_child("heavy", "alice", "parent", 3, &heavy));
	HARNESS_MUST(try_child("light", "alice", "parent", 0, &light));
	assert_int_equal(sum_of(parent).progress_ppm, 0);
	own_complete(light);
	assert_int_equal(sum_of(parent).progress_ppm, 250000);
	HARNESS_MUST(own_update(heavy, TRACKD_EMBEDDING)); /* 40 % */
	assert_int_equal(sum_of(parent).progress_ppm, 550000);
	HARNESS_MUST(own_end(heavy, TRACKD_FAILED));
	assert_int_equal(sum_of(parent).progress_ppm, 1000000);
	HARNESS_MUST(slot_remove(&own_board, heavy, SLOT_REMOVE_EVICTED, harness_soon()));
	assert_int_equal(sum_of(parent).progress_ppm, 1000000);
	assert_int_equal(sum_of(parent).total, 2);
}

static void a_parent_ends_when_its_last_child_has(void **state)
{
	struct trackd_ref parent = rollup("parent", FAMILY_ENDS, 2), ref = child("a", "parent");
	struct trackd_ref tolerant = rollup("tolerant", FAMILY_ENDS | FAMILY_ANYWAY, 0);

	(void)state;
	own_complete(ref);
	assert_int_equal(rollup_end(&own_board, parent, LOCK_TRY), 0);
	ref = child("b", "parent");
	assert_int_equal(rollup_end(&own_board, parent, LOCK_TRY), 0);
	HARNESS_MUST(own_end(ref, TRACKD_FAILED));
	assert_int_equal(rollup_end(&own_board, parent, LOCK_TRY), 1);
	assert_int_equal(own_task(parent).state, TRACKD_FAILED);
	assert_string_equal(own_task(parent).error, "1 of 2 sub-tasks failed");
	HARNESS_MUST(own_end(child("c", "tolerant"), TRACKD_FAILED));
	assert_int_equal(rollup_end(&own_board, tolerant, LOCK_TRY), 0);
	HARNESS_MUST(parent_close(&own_board, tolerant, harness_soon()));
	assert_int_equal(rollup_end(&own_board, tolerant, LOCK_TRY), 1);
	assert_int_equal(own_task(tolerant).state, TRACKD_COMPLETED);
	assert_int_equal(rollup_end(&own_board, tolerant, LOCK_TRY), 0);
}

/* ---- In order ---------------------------------------------------------------- */

static void children_come_newest_first(void **state)
{
	static const char *const wanted[] = { "d", "c", "b", "a" };
	struct trackd_ref parent = own_create("parent", "alice"), b, ref;
	struct trackd_iter iter;
	int n = 0;

	(void)state;
	(void)child("a", "parent");
	b = own_create("b", "alice");
	(void)child("c", "parent");
	(void)child("d", "parent");
	HARNESS_MUST(parent_set(&own_board, b, "parent", harness_soon()));
	HARNESS_MUST(view_iter_children(&own_board, parent, &iter));
	while (view_next(&iter, &ref) == 1)
		assert_string_equal(own_task(ref).id, wanted[n++]);
	assert_int_equal(n, 4);
	assert_children(parent, 4, 0, 0, 0, 0);
}

static void an_iteration_goes_on_over_removed_children(void **state)
{
	struct trackd_ref parent = own_create("parent", "alice"), ref;
	struct trackd_iter iter;
	char id[16];
	int n = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof id, "t%d", i);
		(void)child(id, "parent");
	}
	HARNESS_MUST(view_iter_children(&own_board, parent, &iter));
	while (view_next(&iter, &ref) == 1) {
		own_remove(ref);
		n++;
	}
	assert_int_equal(n, 20);
	assert_children(parent, 0, 0, 0, 0, 0);
	HARNESS_MUST(view_iter_children(&own_board, parent, &iter));
	own_remove(parent);
	assert_int_equal(view_next(&iter, &ref), 0);
	assert_int_equal(view_iter_children(&own_board, parent, &iter), TRACKD_E_GONE);
}

/* ---- Time limits ----------------------------------------------------------- */

static void a_child_that_passed_a_limit_has_failed(void **state)
{
	struct trackd_ref parent = child("a", NULL), late;
	const struct tenant_new task = { .id = "b",
					 .owner = "alice",
					 .name = "",
					 .message = "",
					 .parent = "a",
					 .within.finish = 5000 };

	(void)state;
	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &late));
	assert_children(parent, 1, 0, 0, 0, 0);
	own_board.details[late.slot].created -= 5000 * NS_PER_MS;
	assert_int_equal(own_update(late, TRACKD_CHUNKING), TRACKD_E_FINAL);
	assert_children(parent, 0, 0, 0, 1, 0);
	assert_true(own_board.heads[parent.slot].deadline != UINT64_MAX);
}

static void age(struct trackd_ref ref)
{
	uint64_t version = stamp_version(own_board.heads[ref.slot].stamp);

	own_board.bodies[ref.slot].copy[version & 1].updated -=
		TRACKD_ACTIVE_TTL_DEFAULT_MS * NS_PER_MS;
}

static void the_active_ttl_of_a_parent_begins_when_its_last_child_has_ended(void **state)
{
	struct record_end end = { .state = TRACKD_COMPLETED, .message = "" };
	struct trackd_ref parent = child("a", NULL), only = child("b", "a");

	(void)state;
	HARNESS_MUST(own_update(parent, TRACKD_CHUNKING));
	age(parent);
	assert_int_equal(record_limit(&own_board, parent, harness_soon()), 0);
	HARNESS_MUST(record_end(&own_board, only, &end, harness_soon()));
	assert_int_equal(record_limit(&own_board, parent, harness_soon()), 0);
	assert_children(parent, 0, 0, 1, 0, 0);
	assert_true(own_board.heads[parent.slot].deadline != UINT64_MAX);
	age(parent);
	assert_int_equal(record_limit(&own_board, parent, harness_soon()), TRACKD_E_FINAL);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_parent_counts_its_children_by_state, CAPACITY),
	OWN_BOARD(a_replaced_child_counts_once, CAPACITY),
	OWN_BOARD(the_children_of_a_removed_parent_have_none, CAPACITY),
	OWN_BOARD(what_expires_or_is_evicted_stays_counted, CAPACITY),
	OWN_BOARD(a_parent_is_open_of_the_same_owner_and_not_too_deep, CAPACITY),
	OWN_BOARD(a_parent_is_set_once_and_only_an_older_one, CAPACITY),
	OWN_BOARD(a_parent_outlives_its_open_children, CAPACITY),
	OWN_BOARD(an_open_parent_lives_on_from_its_last_childs_end, CAPACITY),
	OWN_BOARD(a_rollup_shows_how_many_have_ended, CAPACITY),
	OWN_BOARD(the_fine_sum_is_weighted, CAPACITY),
	OWN_BOARD(a_parent_ends_when_its_last_child_has, CAPACITY),
	OWN_BOARD(children_come_newest_first, CAPACITY),
	OWN_BOARD(an_iteration_goes_on_over_removed_children, CAPACITY),
	OWN_BOARD(a_child_that_passed_a_limit_has_failed, CAPACITY),
	OWN_BOARD(the_active_ttl_of_a_parent_begins_when_its_last_child_has_ended, CAPACITY),
};

SUITE(tests)
