/* SPDX-License-Identifier: MIT */
/* An owner's iteration whose caller changes what it goes through: every task that stays is met once,
 * and the work is proportional to the tasks. Work is counted in records looked at. */
#include "libclient/record/index.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "tests/harness/harness.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 4096, TASKS = 4000 };

static struct board board;
static struct trackd_ref refs[TASKS]; /* oldest first */
static unsigned char met[TASKS];
static int made;

static int make_board(void **state)
{
	(void)state;
	harness_board(&board, CAPACITY);
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	harness_board_free(&board);
	return 0;
}

/* ---- What the caller does with the i-th task that it is given -------------------- */

struct iteration {
	struct index_position position;
	int given; /* tasks given so far */
	int last;  /* the present one, by age; -1: made meanwhile */
};

static struct trackd_ref create(const char *id, const char *owner, bool replace)
{
	struct tenant_new task = {
		.id = id, .owner = owner, .name = "", .message = "", .replace = replace
	};
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&board, &task, harness_deadline(2000), &ref));
	return ref;
}

static void create_another(const char *owner)
{
	char id[32];

	snprintf(id, sizeof id, "new-%d", made++);
	(void)create(id, owner, false);
}

static void remove_nth(int i)
{
	if (i < 0 || i >= TASKS)
		return;
	int error = slot_remove(&board, refs[i], SLOT_REMOVE_ASKED, harness_deadline(2000));
	assert_true(error == 0 || error == TRACKD_E_GONE);
}

/* A create that is refused when its slot is filled already: the owner's, and of an id that somebody
 * else has. */
static void create_in_vain(uint32_t slot)
{
	struct tenant_new task = {
		.id = "bobs", .owner = "alice", .name = "", .message = "", .replace = true
	};
	struct trackd_ref ref;

	board.header->cursor = slot;
	assert_int_equal(tenant_create(&board, &task, harness_deadline(2000), &ref),
			 TRACKD_E_EXISTS);
}

static void keep(struct iteration *it)
{
	(void)it;
}

static void remove_every_other(struct iteration *it)
{
	if (it->given % 2 == 0)
		remove_nth(it->last);
}

static void remove_each(struct iteration *it)
{
	remove_nth(it->last);
}

/* Together with the one that would come next. */
static void remove_pairs(struct iteration *it)
{
	if (it->given % 3 != 0)
		return;
	remove_nth(it->last);
	remove_nth(it->last - 1);
}

/* Ten are collected and removed, ten are kept. */
static void remove_batches(struct iteration *it)
{
	for (int i = 0; it->given % 20 == 0 && i < 11; i++)
		remove_nth(it->last - 1 + i);
}

static void remove_some_ahead(struct iteration *it)
{
	for (int i = 1; it->given % 50 == 0 && i < 40; i++)
		remove_nth(it->last - i);
}

static void replace_each(struct iteration *it)
{
	char id[32];

	snprintf(id, sizeof id, "task-%d", it->last);
	if (it->last >= 0)
		(void)create(id, "alice", true);
}

/* Its slot goes to the owner's next task at once. */
static void remove_and_create(struct iteration *it)
{
	remove_nth(it->last);
	if (it->last >= 0)
		board.header->cursor = refs[it->last].slot;
	create_another("alice");
}

static void replace_pairs(struct iteration *it)
{
	if (it->last < 1 || it->given % 3 != 0)
		return;
	remove_nth(it->last);
	remove_nth(it->last - 1);
	board.header->cursor = refs[it->last - 1].slot;
	create_another("alice");
	create_another("alice");
}

/* What comes next goes, and its slot is claimed for a task of the same owner that is refused. */
static void refuse_what_is_ahead(struct iteration *it)
{
	if (it->last < 1 || it->given % 7 != 0)
		return;
	remove_nth(it->last - 1);
	create_in_vain(refs[it->last - 1].slot);
}

/* The present one and the next go, and the latter's slot to another owner. */
static void give_away(struct iteration *it)
{
	if (it->last < 1 || it->given % 7 != 0)
		return;
	remove_nth(it->last);
	remove_nth(it->last - 1);
	board.header->cursor = refs[it->last - 1].slot;
	create_another("bob");
}

/* ---- The iteration --------------------------------------------------------------- */

static int age_of(struct trackd_ref ref)
{
	/* Slots are given out in order. */
	if (ref.slot < TASKS && ref_bits(refs[ref.slot]) == ref_bits(ref))
		return (int)ref.slot;
	return -1;
}

static bool is_there(struct trackd_ref ref)
{
	return stamp_is_live(board.heads[ref.slot].stamp, ref.generation);
}

static void go_through(void (*change)(struct iteration *))
{
	struct iteration it = { .given = 0 };
	struct trackd_ref ref;

	index_owner_begin(&it.position);
	while (index_owner_next(&board, "alice", index_owner_hash(&board, "alice"), &it.position,
				&ref) == 1) {
		it.given++;
		it.last = age_of(ref);
		if (it.last >= 0)
			met[it.last]++;
		change(&it);
	}
	for (int i = 0; i < TASKS; i++)
		if (met[i] > 1 || (met[i] == 0 && is_there(refs[i])))
			fail_msg("task %d was met %d times", i, met[i]);
	if (it.position.steps > 4 * TASKS)
		fail_msg("%u records were looked at for %d tasks", it.position.steps, TASKS);
}

static void fill_board(void)
{
	char id[32];

	made = 0;
	memset(met, 0, sizeof met);
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = harness_create(&board, id, "alice");
		assert_int_equal(refs[i].slot, i);
	}
	(void)harness_create(&board, "bobs", "bob");
}

#define WHILE(change)                                                                              \
	static void met_once_in_linear_time_##change(void **state)                                 \
	{                                                                                          \
		(void)state;                                                                       \
		fill_board();                                                                      \
		go_through(change);                                                                \
	}

WHILE(keep)
WHILE(remove_every_other)
WHILE(remove_each)
WHILE(remove_pairs)
WHILE(remove_batches)
WHILE(remove_some_ahead)
WHILE(replace_each)
WHILE(remove_and_create)
WHILE(replace_pairs)
WHILE(refuse_what_is_ahead)
WHILE(give_away)

#define OWN_BOARD(change)                                                                          \
	cmocka_unit_test_setup_teardown(met_once_in_linear_time_##change, make_board, free_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_BOARD(keep),           OWN_BOARD(remove_every_other),
		OWN_BOARD(remove_each),    OWN_BOARD(remove_pairs),
		OWN_BOARD(remove_batches), OWN_BOARD(remove_some_ahead),
		OWN_BOARD(replace_each),   OWN_BOARD(remove_and_create),
		OWN_BOARD(replace_pairs),  OWN_BOARD(refuse_what_is_ahead),
		OWN_BOARD(give_away),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
