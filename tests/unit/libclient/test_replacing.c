/* SPDX-License-Identifier: MIT */
/* Replacing tasks on a full board, in spare slots, which new tasks cannot use. */
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/ring.h"
#include "libclient/record/slot.h"
#include "tests/harness/full_board.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void replacing_needs_no_room(void **state)
{
	struct trackd_ref more;
	char id[16];

	(void)state;
	full_fill();
	own_complete(full_refs[9]); /* somebody's: it stays */
	for (int i = 0; i < 200; i++) {
		snprintf(id, sizeof id, "task-%d", i % 9);
		assert_int_equal(full_replace(id, "", &more), 0);
		assert_false(own_is_live(full_refs[i % 9]));
		full_refs[i % 9] = more;
		assert_int_equal(own_count_live(), FULL_CAPACITY);
		assert_int_equal(slot_count(&own_board), FULL_CAPACITY);
	}
	for (int i = 0; i < FULL_CAPACITY; i++)
		assert_true(own_is_live(full_refs[i]));
	assert_int_equal(own_board.header->counters.evicted, 0);
	/* Another owner's task stays, and no task is evicted for the refusal. */
	assert_int_equal(full_replace("task-3", "bob", &more), TRACKD_E_EXISTS);
	assert_int_equal(full_create("task-3", &more), TRACKD_E_EXISTS);
	assert_true(own_is_live(full_refs[9]));
	/* A create with TRACKD_REPLACE that replaces nothing evicts as any new task does. */
	assert_int_equal(full_replace("more", "", &more), 0);
	assert_false(own_is_live(full_refs[9]));
	assert_int_equal(full_replace("more-1", "", &more), TRACKD_E_FULL);
	assert_int_equal(own_count_live(), FULL_CAPACITY);
}

/* However many tasks are in spare slots, there is room for exactly as many tasks as were
 * removed. */
static void spare_slots_are_no_room_for_new_tasks(void **state)
{
	struct trackd_ref more;
	char id[16];

	(void)state;
	full_fill();
	for (int n = 0; n <= FULL_CAPACITY; n++) {
		for (int i = 0; i < n; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			assert_int_equal(full_replace(id, "", &full_refs[i]), 0);
		}
		assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
		for (int i = 0; i < n; i++)
			own_remove(full_refs[i]);
		for (int i = 0; i < n; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			assert_int_equal(full_create(id, &full_refs[i]), 0);
		}
		assert_int_equal(full_create("more", &more), TRACKD_E_FULL);
		assert_int_equal(own_count_live(), FULL_CAPACITY);
	}
}

/* A task in a spare slot can be evicted too, and makes room. */
static void a_task_in_a_spare_slot_is_evicted_too(void **state)
{
	struct trackd_ref more;

	(void)state;
	full_fill();
	assert_int_equal(full_replace("task-5", "", &full_refs[5]), 0);
	assert_true(full_refs[5].slot >= FULL_CAPACITY);
	own_complete(full_refs[5]);
	assert_int_equal(full_create("more-1", &more), 0);
	assert_false(own_is_live(full_refs[5]));
	assert_int_equal(full_create("more-2", &more), TRACKD_E_FULL);
	assert_int_equal(own_count_live(), FULL_CAPACITY);
}

/* At most as many at once as there are spare slots. */
static void claims_for_replacing_end(void **state)
{
	uint32_t slots[LAYOUT_SPARE], generations[LAYOUT_SPARE], slot, generation;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	full_fill();
	for (int i = 0; i < LAYOUT_SPARE; i++)
		assert_int_equal(
			ring_claim_replacing(&own_board, LOCK_TRY, &slots[i], &generations[i]), 0);
	assert_int_equal(ring_claim_replacing(&own_board, LOCK_TRY, &slot, &generation), -EBUSY);
	assert_int_equal(ring_claim_replacing(&own_board, harness_deadline(20), &slot, &generation),
			 TRACKD_E_BUSY);
	for (int i = 0; i < LAYOUT_SPARE; i++)
		ring_unclaim(&own_board, slots[i], generations[i]);
	assert_int_equal(own_count_live(), FULL_CAPACITY);
	/* Slots that dead processes have claimed are freed first. */
	pid_t pid = harness_fork();
	if (pid == 0) {
		for (int i = 0; i < LAYOUT_SPARE; i++)
			if (ring_claim_replacing(&own_board, LOCK_TRY, &slot, &generation) < 0)
				_exit(1);
		_exit(0);
	}
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(ring_claim_replacing(&own_board, LOCK_TRY, &slot, &generation), 0);
	ring_unclaim(&own_board, slot, generation);
}

enum { PROCESSES = 3, ROUNDS = 4000, OWN = 5 };

/* Other processes may have taken the last slot for a moment. */
static struct trackd_ref insist(const char *id)
{
	struct trackd_ref ref = { 0 };
	int error;

	do
		error = own_new(id, "", false, harness_soon(), &ref);
	while (error == TRACKD_E_FULL);
	HARNESS_MUST(error);
	return ref;
}

/* Each process has five ids of its own, in total one less than the capacity, and creates one more
 * task. */
static void churn(int who)
{
	struct trackd_ref own[OWN], other;
	char id[24];
	unsigned random = (unsigned)who + 1;

	for (int i = 0; i < OWN; i++) {
		snprintf(id, sizeof id, "own-%d-%d", who, i);
		own[i] = insist(id);
	}
	for (int n = 0; n < ROUNDS; n++) {
		random = random * 1103515245 + 12345;
		int i = (int)(random / 65536 % OWN);
		snprintf(id, sizeof id, "own-%d-%d", who, i);
		if (random % 3 != 0) {
			HARNESS_MUST(own_new(id, "", true, harness_soon(), &own[i]));
		} else {
			own_remove(own[i]);
			own[i] = insist(id);
		}
		/* A task too many is refused, or evicted if it is final. */
		snprintf(id, sizeof id, "more-%d-%d", who, n);
		int error = own_new(id, "", false, harness_soon(), &other);
		if (error == 0)
			own_complete(other);
		else if (error != TRACKD_E_FULL && error != TRACKD_E_BUSY)
			harness_die("%s", trackd_strerror(error));
		if (slot_count(&own_board) > FULL_CAPACITY + PROCESSES)
			harness_die("%u tasks", slot_count(&own_board));
	}
	for (int i = 0; i < OWN; i++)
		if (!own_is_live(own[i]))
			harness_die("own task %d is gone", i);
}

static void no_more_tasks_than_the_capacity_among_processes(void **state)
{
	pid_t pids[PROCESSES];

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = harness_fork();
		if (pids[i] == 0) {
			churn(i);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	assert_in_range(own_count_live(), PROCESSES * OWN, FULL_CAPACITY);
	assert_int_equal(slot_count(&own_board), own_count_live());
	assert_int_equal(repair_all(&own_board, harness_soon()), 0);
	/* The board can be filled to its capacity again, and not beyond. */
	struct trackd_ref more;
	char id[16];
	for (int i = 0; i < 2 * FULL_CAPACITY; i++) {
		snprintf(id, sizeof id, "last-%d", i);
		(void)full_create(id, &more);
	}
	assert_int_equal(own_count_live(), FULL_CAPACITY);
}

static const struct CMUnitTest tests[] = {
	FULL_BOARD(replacing_needs_no_room),
	FULL_BOARD(spare_slots_are_no_room_for_new_tasks),
	FULL_BOARD(a_task_in_a_spare_slot_is_evicted_too),
	FULL_BOARD(claims_for_replacing_end),
	FULL_BOARD(no_more_tasks_than_the_capacity_among_processes),
};

SUITE(tests)
