/* SPDX-License-Identifier: MIT */
/* A stripe is recounted in slices: each locks it for a limited number of buckets, and changes
 * between two slices are counted once. */
#include "libclient/index/index.h"
#include "libclient/record/recount.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/segment/lock.h"
#include "tests/harness/own_board.h"
#include <stdio.h>
#include <string.h>

/* With the spare slots, 256 buckets per stripe: four slices. */
enum { CAPACITY = 65536 - LAYOUT_SPARE, SLICES = 4, STRIPE = 7, TASKS = 400 };

static struct trackd_ref refs[TASKS]; /* all in the stripe; slot UINT32_MAX: none */

/* The next id of the stripe. */
static void next_id(char ret_id[32])
{
	static unsigned tried;

	do
		snprintf(ret_id, 32, "id-%u", tried++);
	while (index_stripe(index_bucket(&own_board, index_id_hash(&own_board, ret_id))) != STRIPE);
}

static void create(int i)
{
	char id[32];

	next_id(id);
	refs[i] = own_create(id, NULL);
}

static void fill_stripe(void)
{
	for (int i = 0; i < TASKS; i++)
		create(i);
}

static const struct layout_stripe *stripe(void)
{
	return &own_board.id_stripes[STRIPE];
}

static uint32_t in_slices(uint32_t n)
{
	uint32_t tasks = 0;

	for (int i = 0; i < TASKS; i++)
		tasks += refs[i].slot != UINT32_MAX &&
			 recount_slice_of(index_bucket(&own_board,
						       own_board.heads[refs[i].slot].id_hash)) < n;
	return tasks;
}

static void a_slice_counts_its_buckets_and_no_others(void **state)
{
	(void)state;
	fill_stripe();
	assert_int_equal(repair_slices(&own_board), SLICES);
	for (uint32_t n = 1; n < SLICES; n++) {
		assert_int_equal(repair_slice(&own_board, STRIPE, n == 1, LOCK_TRY), 0);
		assert_int_equal(recount_slices(stripe()->recount), n);
		assert_int_equal(recount_sum(stripe()->recount), in_slices(n));
		assert_true(in_slices(n) > in_slices(n - 1));
	}
	assert_int_equal(repair_slice(&own_board, STRIPE, false, LOCK_TRY), 0);
	assert_int_equal(stripe()->recount, 0);
	assert_int_equal(stripe()->count, TASKS);
}

/* Tasks are created and removed between slices, in buckets that were counted and in others. */
static void what_changes_between_two_slices_is_counted(void **state)
{
	uint32_t tasks = TASKS;

	(void)state;
	fill_stripe();
	own_board.id_stripes[STRIPE].count += 3;
	for (int n = 0; n < SLICES; n++) {
		assert_int_equal(repair_slice(&own_board, STRIPE, n == 0, LOCK_TRY),
				 n == SLICES - 1);
		if (n == SLICES - 1)
			break;
		for (int i = n * 50; i < n * 50 + 40; i++) {
			HARNESS_MUST(slot_remove(&own_board, refs[i], SLOT_REMOVE_ASKED, LOCK_TRY));
			refs[i].slot = UINT32_MAX;
			tasks--;
		}
		for (int i = n * 50; i < n * 50 + 25; i++, tasks++)
			create(i);
		assert_int_equal(recount_sum(stripe()->recount), in_slices((uint32_t)n + 1));
	}
	assert_int_equal(stripe()->count, tasks);
	assert_int_equal(slot_count(&own_board), tasks);
}

/* A process died during a recount; the next one starts again. */
static void counting_begins_again_after_a_death(void **state)
{
	(void)state;
	fill_stripe();
	assert_int_equal(repair_slice(&own_board, STRIPE, true, LOCK_TRY), 0);
	assert_int_equal(repair_slice(&own_board, STRIPE, false, LOCK_TRY), 0);
	own_board.id_stripes[STRIPE].recount += 5;
	assert_int_equal(repair_stripe(&own_board, STRIPE, LOCK_TRY), 0);
	assert_int_equal(stripe()->count, TASKS);
}

static void a_sum_beyond_its_bits_changes_no_count(void **state)
{
	uint32_t full = recount_make(SLICES - 1, UINT32_MAX);

	(void)state;
	fill_stripe();
	own_board.id_stripes[STRIPE].recount = full;
	recount_subtract(&own_board.id_stripes[STRIPE], STRIPE);
	recount_add(&own_board.id_stripes[STRIPE], STRIPE);
	assert_int_equal(stripe()->recount, full);
	assert_int_equal(repair_slice(&own_board, STRIPE, false, LOCK_TRY), 0);
	assert_int_equal(stripe()->count, TASKS);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_slice_counts_its_buckets_and_no_others, CAPACITY),
	OWN_BOARD(what_changes_between_two_slices_is_counted, CAPACITY),
	OWN_BOARD(counting_begins_again_after_a_death, CAPACITY),
	OWN_BOARD(a_sum_beyond_its_bits_changes_no_count, CAPACITY),
};

SUITE(tests)
