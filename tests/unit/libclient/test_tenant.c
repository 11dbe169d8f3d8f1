/* SPDX-License-Identifier: MIT */
/* Creating and removing tasks: who may use an id, and which task is evicted. */
#include "libclient/record/record.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/map.h"
#include "libclient/signal/earliest.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { CAPACITY = 16 };

static int create(const char *id, const char *owner, bool replace, struct trackd_ref *ret_ref)
{
	return own_new(id, owner, replace, harness_soon(), ret_ref);
}

static void fill(struct trackd_ref refs[CAPACITY])
{
	char id[16];

	for (int i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = own_create(id, i % 2 ? "alice" : NULL);
	}
}

static int remove_for(struct trackd_ref ref, enum slot_remove_why why)
{
	return slot_remove(&own_board, ref, why, harness_soon());
}

/* ---- Ids ----------------------------------------------------------------- */

static void a_live_id_is_refused(void **state)
{
	struct trackd_ref ref = own_create("a", "alice"), other = { 4711, 4711 };

	(void)state;
	assert_int_equal(create("a", "alice", false, &other), TRACKD_E_EXISTS);
	assert_int_equal(create("a", "", false, &other), TRACKD_E_EXISTS);
	assert_int_equal(other.slot, 4711);
	own_complete(ref); /* a final task still exists */
	assert_int_equal(create("a", "alice", false, &other), TRACKD_E_EXISTS);
	assert_int_equal(own_board.header->counters.refused_exists, 3);
	assert_int_equal(slot_count(&own_board), 1);
	assert_true(own_is_live(ref));
}

static uint32_t n_used(void)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; (slot = slot_next_used(&own_board, slot)) < own_board.capacity;
	     slot++)
		n++;
	return n;
}

static void a_task_is_replaced_for_its_owner_only(void **state)
{
	static const char *const owners[] = { "alice", "" };
	struct trackd_ref ref, next;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ref = own_create("a", owners[i]);
		assert_int_equal(create("a", "bob", true, &next), TRACKD_E_EXISTS);
		assert_int_equal(create("a", owners[!i], true, &next), TRACKD_E_EXISTS);
		assert_int_equal(n_used(), 1); /* a refusal keeps no slot */
		assert_true(own_is_live(ref));
		assert_int_equal(create("a", owners[i], true, &next), 0);
		assert_false(own_is_live(ref));
		assert_true(own_is_live(next));
		assert_int_equal(slot_count(&own_board), 1);
		assert_int_equal(record_update(&own_board, ref, 0, NULL, 0, harness_soon()),
				 TRACKD_E_GONE);
		assert_int_equal(remove_for(next, SLOT_REMOVE_ASKED), 0);
	}
}

static void the_id_of_an_expired_task_is_free(void **state)
{
	struct trackd_ref ref = own_create("a", "alice"), next;

	(void)state;
	own_board.heads[ref.slot].deadline = clock_boot_ns();
	assert_int_equal(create("a", "bob", false, &next), 0);
	assert_false(own_is_live(ref));
	assert_int_equal(slot_count(&own_board), 1);
	assert_int_equal(own_board.header->counters.expired, 1);
}

static void an_id_that_was_removed_is_free_at_once(void **state)
{
	struct trackd_ref ref;

	(void)state;
	for (int i = 0; i < 3 * CAPACITY; i++) {
		assert_int_equal(create("a", "alice", false, &ref), 0);
		assert_int_equal(remove_for(ref, SLOT_REMOVE_ASKED), 0);
		assert_int_equal(remove_for(ref, SLOT_REMOVE_ASKED), TRACKD_E_GONE);
	}
	assert_int_equal(slot_count(&own_board), 0);
	assert_int_equal(slot_next_used(&own_board, 0), own_board.capacity);
	assert_int_equal(own_board.header->counters.removed, 3 * CAPACITY);
}

/* ---- References ---------------------------------------------------------- */

static void a_reference_never_refers_to_another_task(void **state)
{
	struct trackd_ref ref = own_create("a", NULL), next = ref;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(remove_for(next, SLOT_REMOVE_ASKED), 0);
		own_board.header->cursor = ref.slot;
		next = own_create("a", NULL);
		assert_int_equal(next.slot, ref.slot);
		assert_int_not_equal(next.generation, ref.generation);
		assert_int_equal(remove_for(ref, SLOT_REMOVE_ASKED), TRACKD_E_GONE);
		assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_GONE);
	}
	assert_int_equal(
		remove_for((struct trackd_ref){ own_board.capacity, 1 }, SLOT_REMOVE_ASKED),
		TRACKD_E_GONE);
	assert_int_equal(remove_for((struct trackd_ref){ UINT32_MAX, 1 }, SLOT_REMOVE_ASKED),
			 TRACKD_E_GONE);
}

static void a_generation_differs_from_board_to_board(void **state)
{
	struct board other;
	struct trackd_ref ours[CAPACITY];
	char id[16];
	int same = 0;

	(void)state;
	fill(ours);
	harness_board(&other, CAPACITY);
	for (int i = 0; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		same += ref_bits(harness_create(&other, id, NULL)) == ref_bits(ours[i]);
	}
	assert_int_equal(same, 0);
	harness_board_free(&other);
}

static void serials_grow_within_an_owner(void **state)
{
	struct trackd_ref refs[CAPACITY];
	uint64_t before = 0;

	(void)state;
	fill(refs);
	for (int i = 1; i < CAPACITY; i += 2) {
		assert_true(own_board.heads[refs[i].slot].serial > before);
		before = own_board.heads[refs[i].slot].serial;
	}
}

/* ---- Removing with a reason ---------------------------------------------- */

static void reasons_are_looked_at_again(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	assert_int_equal(remove_for(ref, SLOT_REMOVE_EXPIRED), -EAGAIN);
	assert_int_equal(remove_for(ref, SLOT_REMOVE_EVICTED), -EAGAIN);
	own_complete(ref);
	assert_int_equal(remove_for(ref, SLOT_REMOVE_EXPIRED), -EAGAIN);
	assert_int_equal(remove_for(ref, SLOT_REMOVE_EVICTED), 0);
	assert_int_equal(own_board.header->counters.evicted, 1);
	ref = own_create("a", NULL);
	own_board.heads[ref.slot].deadline = 1;
	assert_int_equal(remove_for(ref, SLOT_REMOVE_EXPIRED), 0);
	assert_int_equal(own_board.header->counters.expired, 1);
	assert_int_equal(slot_count(&own_board), 0);
}

static void a_held_record_is_waited_for_and_not_for_ever(void **state)
{
	struct trackd_ref ref = own_create("a", "alice"), next;

	(void)state;
	pid_t pid = client_holding_record(&own_board, ref);
	harness_stop(pid);
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, LOCK_TRY), -EBUSY);
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_deadline(60)),
			 TRACKD_E_BUSY);
	assert_int_equal(own_new("a", "alice", true, harness_deadline(60), &next), TRACKD_E_BUSY);
	assert_true(own_board.header->counters.busy >= 2);
	assert_true(own_is_live(ref)); /* nothing has changed */
	assert_int_equal(slot_count(&own_board), 1);
	/* Other operations still work. */
	assert_int_equal(create("b", "alice", false, &next), 0);
	harness_kill(pid, SIGKILL);
	assert_int_equal(remove_for(ref, SLOT_REMOVE_ASKED), 0);
	assert_int_equal(own_board.header->counters.locks_recovered, 1);
}

/* ---- Room ---------------------------------------------------------------- */

static void a_board_takes_as_many_as_it_says(void **state)
{
	struct trackd_ref refs[CAPACITY], more = { 4711, 0 };

	(void)state;
	fill(refs);
	assert_int_equal(slot_count(&own_board), CAPACITY);
	assert_int_equal(create("more", "", false, &more), TRACKD_E_FULL);
	assert_int_equal(more.slot, 4711);
	assert_int_equal(own_board.header->counters.refused_full, 1);
	for (int i = 0; i < CAPACITY; i++)
		assert_true(own_is_live(refs[i]));
	/* An existing id is refused, and no task is evicted for that. */
	own_complete(refs[3]);
	assert_int_equal(create("task-5", "", false, &more), TRACKD_E_EXISTS);
	assert_true(own_is_live(refs[3]));
}

static void a_full_board_gives_up_the_final_task_that_ended_first(void **state)
{
	struct trackd_ref refs[CAPACITY], more;

	(void)state;
	own_board.header->cursor = 6; /* so that the first is not in the first slot */
	fill(refs);
	own_complete(refs[9]);
	own_complete(refs[4]); /* created earlier, but ended later */
	own_complete(refs[12]);
	assert_int_equal(create("more-1", "", false, &more), 0);
	assert_false(own_is_live(refs[9]));
	assert_true(own_is_live(refs[4]) && own_is_live(refs[12]));
	assert_int_equal(create("more-2", "", false, &more), 0);
	assert_false(own_is_live(refs[4]));
	assert_int_equal(create("more-3", "", false, &more), 0);
	assert_false(own_is_live(refs[12]));
	assert_int_equal(own_board.header->counters.evicted, 3);
	assert_int_equal(create("more-4", "", false, &more), TRACKD_E_FULL);
}

static void expired_tasks_are_evicted_before_final_ones(void **state)
{
	struct trackd_ref refs[CAPACITY], more;

	(void)state;
	fill(refs);
	own_complete(refs[2]);
	own_board.heads[refs[7].slot].deadline = 1;
	assert_int_equal(create("more-1", "", false, &more), 0);
	assert_false(own_is_live(refs[7]));
	assert_true(own_is_live(refs[2]));
	assert_int_equal(own_board.header->counters.expired, 1);
}

static void a_board_full_of_expired_tasks_is_not_full(void **state)
{
	struct trackd_ref refs[CAPACITY], more;

	(void)state;
	fill(refs);
	assert_int_equal(create("more-1", "", false, &more), TRACKD_E_FULL);
	own_board.heads[refs[7].slot].deadline = 1;
	earliest_lower(&own_board, 1);
	assert_int_equal(create("more-1", "", false, &more), 0);
	assert_false(own_is_live(refs[7]));
}

static void slots_left_by_dead_processes_make_room(void **state)
{
	struct trackd_ref refs[CAPACITY], more;
	uint32_t slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	fill(refs);
	assert_int_equal(remove_for(refs[6], SLOT_REMOVE_ASKED), 0);
	pid_t pid = harness_fork();
	if (pid == 0) /* dies with a claimed slot */
		_exit(ring_claim(&own_board, harness_soon(), &slot, &generation) == 0 ? 0 : 1);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(stamp_state(own_board.heads[refs[6].slot].stamp), SLOT_CLAIMED);
	assert_int_equal(create("more-1", "", false, &more), 0);
	assert_int_equal(more.slot, refs[6].slot);
}

static void an_undone_claim_leaves_a_free_slot(void **state)
{
	uint32_t slot, generation;

	(void)state;
	assert_int_equal(ring_claim(&own_board, harness_soon(), &slot, &generation), 0);
	assert_int_equal(own_board.heads[slot].stamp, stamp_make(generation, 0, SLOT_CLAIMED));
	assert_true(map_is_set(&own_board, slot));
	assert_int_equal(slot_lock(&own_board, slot, LOCK_TRY), -EBUSY);
	ring_unclaim(&own_board, slot, generation);
	assert_int_equal(own_board.heads[slot].stamp, stamp_make(generation + 1, 0, SLOT_FREE));
	assert_false(map_is_set(&own_board, slot));
	assert_int_equal(slot_lock(&own_board, slot, LOCK_TRY), 0);
	slot_unlock(&own_board, slot);
}

static void the_map_is_searched_word_by_word(void **state)
{
	struct board wide;

	(void)state;
	harness_board(&wide, 200);
	assert_int_equal(map_find(&wide, 0, 200, true), 200);
	assert_int_equal(map_find(&wide, 0, 200, false), 0);
	static const uint32_t slots[] = { 0, 63, 64, 127, 128, 199 };
	for (int i = 0; i < 6; i++) {
		uint32_t slot = slots[i];
		map_set(&wide, slot);
		assert_true(map_is_set(&wide, slot));
		for (uint32_t from = 0; from <= 200; from++) {
			assert_int_equal(map_find(&wide, from, 200, true),
					 from <= slot ? slot : 200);
			assert_int_equal(map_find(&wide, from, 200, false),
					 from == slot ? slot + 1 : from);
			assert_int_equal(map_count(&wide, from, 200, true, 200), from <= slot);
			assert_int_equal(map_count(&wide, from, 200, false, 200),
					 200 - from - (from <= slot));
			assert_int_equal(map_count(&wide, 0, from, true, 200), slot < from);
		}
		map_clear(&wide, slot);
		assert_false(map_is_set(&wide, slot));
	}
	harness_board_free(&wide);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_live_id_is_refused, CAPACITY),
	OWN_BOARD(a_task_is_replaced_for_its_owner_only, CAPACITY),
	OWN_BOARD(the_id_of_an_expired_task_is_free, CAPACITY),
	OWN_BOARD(an_id_that_was_removed_is_free_at_once, CAPACITY),
	OWN_BOARD(a_reference_never_refers_to_another_task, CAPACITY),
	OWN_BOARD(a_generation_differs_from_board_to_board, CAPACITY),
	OWN_BOARD(serials_grow_within_an_owner, CAPACITY),
	OWN_BOARD(reasons_are_looked_at_again, CAPACITY),
	OWN_BOARD(a_held_record_is_waited_for_and_not_for_ever, CAPACITY),
	OWN_BOARD(a_board_takes_as_many_as_it_says, CAPACITY),
	OWN_BOARD(a_full_board_gives_up_the_final_task_that_ended_first, CAPACITY),
	OWN_BOARD(expired_tasks_are_evicted_before_final_ones, CAPACITY),
	OWN_BOARD(a_board_full_of_expired_tasks_is_not_full, CAPACITY),
	OWN_BOARD(slots_left_by_dead_processes_make_room, CAPACITY),
	OWN_BOARD(an_undone_claim_leaves_a_free_slot, CAPACITY),
	cmocka_unit_test(the_map_is_searched_word_by_word),
};

SUITE(tests)
