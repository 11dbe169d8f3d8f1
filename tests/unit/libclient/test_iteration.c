/* SPDX-License-Identifier: MIT */
/* Iterating: remaining tasks are returned once while others are removed, wherever the iteration
 * is. */
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "tests/harness/own_board.h"
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 64 };

static void a_list_goes_on_behind_any_task(void **state)
{
	struct trackd_ref refs[CAPACITY], ref, gone;
	struct trackd_iter iter;
	char id[16];

	(void)state;
	for (int i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = own_create(id, i % 3 ? "alice" : "bob");
	}
	for (int i = 0; i < CAPACITY; i++) {
		int left = i;

		assert_int_equal(
			view_iter_after(&own_board, i % 3 ? "bob" : "alice", refs[i], &iter),
			TRACKD_E_GONE);
		assert_int_equal(
			view_iter_after(&own_board, i % 3 ? "alice" : "bob", refs[i], &iter), 0);
		while (view_next(&iter, &ref) == 1) {
			do
				left--;
			while (left >= 0 && !(left % 3) != !(i % 3));
			assert_true(left >= 0);
			assert_memory_equal(&ref, &refs[left], sizeof ref);
		}
		do
			left--;
		while (left >= 0 && !(left % 3) != !(i % 3));
		assert_true(left < 0);
	}
	/* Removed while the iterator is at it, as for any other. */
	assert_int_equal(view_iter_after(&own_board, "alice", refs[5], &iter), 0);
	(void)slot_remove(&own_board, refs[5], SLOT_REMOVE_ASKED, harness_soon());
	assert_int_equal(view_next(&iter, &ref), 1);
	assert_memory_equal(&ref, &refs[4], sizeof ref);
	gone = refs[5];
	assert_int_equal(view_iter_after(&own_board, "alice", gone, &iter), TRACKD_E_GONE);
	gone.slot = UINT32_MAX;
	assert_int_equal(view_iter_after(&own_board, "alice", gone, &iter), TRACKD_E_GONE);
	assert_int_equal(view_iter_after(&own_board, "", refs[4], &iter), TRACKD_E_GONE);
	for (int i = 0; i < CAPACITY; i++)
		(void)slot_remove(&own_board, refs[i], SLOT_REMOVE_ASKED, harness_soon());
}

static void remaining_tasks_are_returned_once_while_others_are_removed(void **state)
{
	struct trackd_ref refs[CAPACITY], ref;
	int met[CAPACITY] = { 0 };
	struct trackd_iter iter;
	char id[16];

	(void)state;
	for (int owner = 0; owner < 2; owner++) {
		memset(met, 0, sizeof met);
		for (int i = 0; i < CAPACITY; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			refs[i] = own_create(id, "alice");
		}
		if (owner)
			view_iter_owner(&own_board, "alice", &iter);
		else
			view_iter_all(&own_board, &iter);
		for (int n = 0; view_next(&iter, &ref) == 1; n++) {
			assert_int_equal(ref.generation, refs[ref.slot % CAPACITY].generation);
			met[ref.slot]++;
			/* Sometimes remove the current task, and one far away. */
			if (n % 5 == 0)
				(void)slot_remove(&own_board, ref, SLOT_REMOVE_ASKED,
						  harness_soon());
			int far = (n * 7 + 3) % CAPACITY;
			if (n % 9 == 0 && met[far] == 0 && far % 2 == 0) {
				met[far] = 1; /* may not be met any more */
				(void)slot_remove(&own_board, refs[far], SLOT_REMOVE_ASKED,
						  harness_soon());
			}
		}
		for (int i = 0; i < CAPACITY; i++)
			assert_int_equal(met[i], 1);
		for (int i = 0; i < CAPACITY; i++)
			(void)slot_remove(&own_board, refs[i], SLOT_REMOVE_ASKED, harness_soon());
	}
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_list_goes_on_behind_any_task, CAPACITY),
	OWN_BOARD(remaining_tasks_are_returned_once_while_others_are_removed, CAPACITY),
};

SUITE(tests)
