/* SPDX-License-Identifier: MIT */
/* The work counter: no count is lost, is added after the end, or goes to another task. */
#include "libclient/record/mend.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include "tests/harness/stepped.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static void counts_beyond_the_limit_are_refused(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	assert_int_equal(own_update(ref, 0), 0);
	assert_int_equal(record_advance(&own_board, ref, TRACKD_WORK_MAX), 0);
	assert_int_equal(record_advance(&own_board, ref, 0), 0);
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_OVERFLOW);
	assert_int_equal(record_advance(&own_board, ref, UINT64_MAX), TRACKD_E_OVERFLOW);
	assert_int_equal(own_task(ref).done, TRACKD_WORK_MAX);
	assert_int_equal(record_set_total(&own_board, ref, TRACKD_WORK_MAX + 1, harness_soon()),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(
		record_set_progress(&own_board, ref, TRACKD_WORK_MAX + 1, 0, harness_soon()),
		TRACKD_E_OVERFLOW);
	assert_int_equal(
		record_set_progress(&own_board, ref, 0, TRACKD_WORK_MAX + 1, harness_soon()),
		TRACKD_E_OVERFLOW);
	assert_int_equal(record_set_progress(&own_board, ref, TRACKD_WORK_MAX, TRACKD_WORK_MAX,
					     harness_soon()),
			 0);
	assert_int_equal(own_task(ref).done, TRACKD_WORK_MAX);
}

/* The limit applies to `done`, independent of the base that set_progress() has set. */
static void no_count_passes_the_limit(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	assert_int_equal(own_update(ref, 0), 0);
	assert_int_equal(record_advance(&own_board, ref, 7), 0);
	for (uint64_t left = 0; left < 10; left++) {
		assert_int_equal(record_set_progress(&own_board, ref, TRACKD_WORK_MAX - left,
						     TRACKD_WORK_MAX, harness_soon()),
				 0);
		assert_int_equal(record_advance(&own_board, ref, left + 1), TRACKD_E_OVERFLOW);
		for (uint64_t n = 0; n < left; n++)
			assert_int_equal(record_advance(&own_board, ref, 1), 0);
		assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_OVERFLOW);
		assert_int_equal(own_task(ref).done, TRACKD_WORK_MAX);
	}
	/* With a base nearer to the count, counting is lock-free again. */
	assert_int_equal(record_set_progress(&own_board, ref, 3, 0, harness_soon()), 0);
	assert_true(work_is_open(own_board.bodies[ref.slot].work, ref.generation));
	assert_int_equal(record_set_progress(&own_board, ref, TRACKD_WORK_MAX, 0, harness_soon()),
			 0);
	assert_false(work_is_open(own_board.bodies[ref.slot].work, ref.generation));
	mend_record(&own_board, ref.slot);
	assert_false(work_is_open(own_board.bodies[ref.slot].work, ref.generation));
	assert_int_equal(own_update(ref, 1), 0);
	assert_true(work_is_open(own_board.bodies[ref.slot].work, ref.generation));
	assert_int_equal(record_advance(&own_board, ref, 1), 0);
	assert_int_equal(own_task(ref).done, 1);
	assert_int_equal(own_end(ref, TRACKD_COMPLETED), 0);
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_FINAL);
}

/* Counting without the lock cannot exceed the limit, wherever the base is. */
static void the_limit_holds_from_every_beginning(void **state)
{
	static const uint64_t steps[] = { 1, WORK_UNLOCKED_MAX, WORK_UNLOCKED_MAX + 1,
					  WORK_UNLOCKED_MAX + 2, TRACKD_WORK_MAX };
	static const uint32_t generations[] = { 0,          0xffff,     0x10000,
						0x3fffffff, 0x40000000, UINT32_MAX };

	(void)state;
	for (int i = 0; i < 5 * 5 * 6; i++) {
		uint64_t first = steps[i % 5], shown = steps[i / 5 % 5];
		own_board.heads[0].stamp = stamp_make(generations[i / 25], 0, SLOT_FREE);
		own_board.header->cursor = 0;
		struct trackd_ref ref = own_create("a", NULL);
		assert_int_equal(ref.generation, generations[i / 25]);
		assert_int_equal(own_task(ref).done, 0);
		assert_int_equal(own_update(ref, 0), 0);
		assert_int_equal(record_advance(&own_board, ref, first), 0);
		assert_int_equal(record_set_progress(&own_board, ref, shown, 0, harness_soon()), 0);
		assert_int_equal(own_task(ref).done, shown);
		uint64_t left = TRACKD_WORK_MAX - (first > shown ? first : shown);
		assert_int_equal(record_advance(&own_board, ref, left + 1), TRACKD_E_OVERFLOW);
		assert_int_equal(record_advance(&own_board, ref, left), 0);
		assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_OVERFLOW);
		assert_int_equal(own_task(ref).done, shown + left);
		own_remove(ref);
	}
}

/* A call that was stopped while its slot had 65536 tenants, until the same tag came again. */
struct late {
	struct trackd_ref mine, later;
	int result;
};

static void count_one(void *data)
{
	struct late *late = data;

	late->result = record_advance(&own_board, late->mine, 1);
}

static void come_to_be_of_another(void *data)
{
	struct late *late = data;
	uint32_t slot = late->mine.slot;

	HARNESS_MUST(slot_remove(&own_board, late->mine, SLOT_REMOVE_ASKED, LOCK_TRY));
	own_board.heads[slot].stamp = stamp_make(late->mine.generation + 0x10000, 0, SLOT_FREE);
	own_board.header->cursor = slot;
	late->later = own_create("later", NULL);
	HARNESS_MUST(record_advance(&own_board, late->later, 5));
}

static void a_late_count_changes_no_later_task(void **state)
{
	struct late late = { 0 };
	unsigned n = 1;

	(void)state;
	if (!stepped_possible())
		skip();
	for (bool interfered = true; interfered; n++) {
		late.mine = own_create("mine", NULL);
		HARNESS_MUST(record_advance(&own_board, late.mine, 5));
		interfered = stepped_run(count_one, come_to_be_of_another, &late, n);
		if (interfered) {
			assert_int_equal(late.later.slot, late.mine.slot);
			assert_true(late.result == 0 || late.result == TRACKD_E_GONE);
			assert_int_equal(own_task(late.later).done, 5);
			late.mine = late.later;
		}
		own_remove(late.mine);
	}
	assert_true(n > 10);
}

static void the_counter_is_of_one_tenant_and_sealed_at_its_end(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);
	uint64_t *work = &own_board.bodies[ref.slot].work;

	(void)state;
	assert_true(work_is_open(*work, ref.generation));
	assert_int_equal(own_update(ref, 0), 0);
	assert_int_equal(record_advance(&own_board, ref, 41), 0);
	/* A counter of another tenant, as if the slot was reused in between. */
	uint64_t good = *work;
	*work ^= UINT64_C(1) << 48;
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_GONE);
	*work = good;
	assert_int_equal(own_end(ref, TRACKD_FAILED), 0);
	assert_true((*work & WORK_SEAL) != 0);
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_FINAL);
	assert_int_equal(own_task(ref).done, 41);
	*work += 5; /* a late increment changes no visible value */
	assert_int_equal(own_task(ref).done, 41);
}

/* How the end of a task begins. */
static int lock_and_seal(void *data)
{
	const struct trackd_ref *ref = data;
	int error = slot_lock(&own_board, ref->slot, harness_soon());

	or_relaxed(&own_board.bodies[ref->slot].work, WORK_SEAL);
	return error;
}

/* The process that sealed the counter died before it published the end: the next trackd_advance()
 * repairs the record. */
static void a_seal_that_was_left_is_taken_off(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);
	uint64_t *work = &own_board.bodies[ref.slot].work;

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	assert_int_equal(own_update(ref, 0), 0);
	(void)harness_kill(client_holding(lock_and_seal, &ref), SIGKILL);
	assert_int_equal(record_advance(&own_board, ref, 2), 0);
	assert_true(work_is_open(*work, ref.generation));
	assert_int_equal(own_task(ref).done, 2);
	assert_int_equal(own_board.header->counters.locks_recovered, 1);
	assert_int_equal(own_board.header->repair_due, 1);
}

/* The process that ends the task is stopped between the seal and the commit: the task is open, so
 * no call returns TRACKD_E_FINAL. */
static void an_end_that_stands_still_is_waited_for(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	HARNESS_NEEDS_ROBUST_LISTS();
	assert_int_equal(own_update(ref, 0), 0);
	pid_t pid = client_holding(lock_and_seal, &ref);
	harness_stop(pid);
	assert_int_equal(record_advance(&own_board, ref, 2), -EBUSY);
	assert_int_equal(record_advance_slowly(&own_board, ref, 2, harness_deadline(60)),
			 TRACKD_E_BUSY);
	assert_int_equal(own_board.header->counters.refused_final, 0);
	assert_int_equal(own_board.header->counters.busy, 1);
	harness_kill(pid, SIGKILL);
	assert_int_equal(record_advance(&own_board, ref, 2), 0);
	assert_int_equal(own_task(ref).done, 2);
	/* TRACKD_E_FINAL of a final task needs no lock. */
	assert_int_equal(own_end(ref, TRACKD_COMPLETED), 0);
	HARNESS_MUST(slot_lock(&own_board, ref.slot, harness_soon()));
	assert_int_equal(record_advance(&own_board, ref, 2), TRACKD_E_FINAL);
	slot_unlock(&own_board, ref.slot);
}

enum { PROCESSES = 3, COUNTS = 30000 };

static void no_count_is_lost_among_processes_and_updates(void **state)
{
	struct trackd_ref ref = own_create("a", NULL);
	pid_t pids[PROCESSES];

	(void)state;
	assert_int_equal(own_update(ref, 0), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = harness_fork();
		if (pids[i] != 0)
			continue;
		for (int n = 0; n < COUNTS; n++)
			if (record_advance(&own_board, ref, 1) < 0 ||
			    (n % 16 == 0 && record_update(&own_board, ref, TRACKD_STAGE_KEEP, "m",
							  0, harness_soon()) < 0))
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(harness_reap(pids[i]), 0);
	assert_int_equal(own_task(ref).done, PROCESSES * COUNTS);
}

/* The final `done` includes every unit that was accepted before the end. */
static void accepted_units_are_in_the_final_count(void **state)
{
	uint64_t *accepted = &own_board.header->counters.reserved[0];
	struct trackd_ref ref = own_create("a", NULL);

	(void)state;
	assert_int_equal(own_update(ref, 0), 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		int error = 0;
		for (; error == 0; error = record_advance(&own_board, ref, 1))
			store_release(accepted, *accepted + 1);
		_exit(error == TRACKD_E_FINAL ? 0 : 1);
	}
	HARNESS_WAIT(load_acquire(accepted) > 1000, 30000);
	assert_int_equal(own_end(ref, TRACKD_COMPLETED), 0);
	assert_int_equal(harness_reap(pid), 0);
	assert_int_equal(own_task(ref).done, *accepted - 1);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(counts_beyond_the_limit_are_refused, CAPACITY),
	OWN_BOARD(no_count_passes_the_limit, CAPACITY),
	OWN_BOARD(the_limit_holds_from_every_beginning, CAPACITY),
	OWN_BOARD(a_late_count_changes_no_later_task, CAPACITY),
	OWN_BOARD(the_counter_is_of_one_tenant_and_sealed_at_its_end, CAPACITY),
	OWN_BOARD(a_seal_that_was_left_is_taken_off, CAPACITY),
	OWN_BOARD(an_end_that_stands_still_is_waited_for, CAPACITY),
	OWN_BOARD(no_count_is_lost_among_processes_and_updates, CAPACITY),
	OWN_BOARD(accepted_units_are_in_the_final_count, CAPACITY),
};

SUITE(tests)
