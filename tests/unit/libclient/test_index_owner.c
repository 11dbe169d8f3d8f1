/* SPDX-License-Identifier: MIT */
/* An iteration over an owner's tasks whose caller changes them: every remaining task is returned
 * once, and the work, counted in visited records, is proportional to the number of tasks. */
#include "libclient/index/index.h"
#include "libclient/record/slot.h"
#include "tests/harness/own_board.h"
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 4096, TASKS = 4000 };

static struct trackd_ref refs[TASKS]; /* oldest first */
static unsigned char met[TASKS];
static int made;

/* ---- The caller's change at the i-th returned task ------------------------------- */

struct iteration {
	struct index_position position;
	int given; /* tasks returned so far */
	int last;  /* the current one, by age; -1: created meanwhile */
};

static struct trackd_ref create(const char *id, const char *owner, bool replace)
{
	struct trackd_ref ref;

	HARNESS_MUST(own_new(id, owner, replace, harness_soon(), &ref));
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
	int error = slot_remove(&own_board, refs[i], SLOT_REMOVE_ASKED, harness_soon());
	assert_true(error == 0 || error == TRACKD_E_GONE);
}

/* A create by the owner that is refused after its slot was filled, because another owner has the
 * id. */
static void create_in_vain(uint32_t slot)
{
	struct trackd_ref ref;

	own_board.header->cursor = slot;
	assert_int_equal(own_new("bobs", "alice", true, harness_soon(), &ref), TRACKD_E_EXISTS);
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

/* Remove the task together with the next one. */
static void remove_pairs(struct iteration *it)
{
	if (it->given % 3 != 0)
		return;
	remove_nth(it->last);
	remove_nth(it->last - 1);
}

/* Collect and remove ten tasks, keep ten. */
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

/* Remove the task and reuse its slot for the owner's next task at once. */
static void remove_and_create(struct iteration *it)
{
	remove_nth(it->last);
	if (it->last >= 0)
		own_board.header->cursor = refs[it->last].slot;
	create_another("alice");
}

/* The present one and the next go, and the latter's slot to this owner. */
static bool hand_over(struct iteration *it, int every, const char *owner)
{
	if (it->last < 1 || it->given % every != 0)
		return false;
	remove_nth(it->last);
	remove_nth(it->last - 1);
	own_board.header->cursor = refs[it->last - 1].slot;
	create_another(owner);
	return true;
}

static void replace_pairs(struct iteration *it)
{
	if (hand_over(it, 3, "alice"))
		create_another("alice");
}

/* Remove the next task and claim its slot for a task of the same owner, whose create is refused. */
static void refuse_what_is_ahead(struct iteration *it)
{
	if (it->last < 1 || it->given % 7 != 0)
		return;
	remove_nth(it->last - 1);
	create_in_vain(refs[it->last - 1].slot);
}

static void give_away(struct iteration *it)
{
	(void)hand_over(it, 7, "bob");
}

/* ---- The iteration --------------------------------------------------------------- */

static int age_of(struct trackd_ref ref)
{
	/* Slots are claimed in order. */
	if (ref.slot < TASKS && ref_bits(refs[ref.slot]) == ref_bits(ref))
		return (int)ref.slot;
	return -1;
}

static bool is_there(struct trackd_ref ref)
{
	return stamp_is_live(own_board.heads[ref.slot].stamp, ref.generation);
}

static void go_through(void (*change)(struct iteration *))
{
	struct iteration it = { .given = 0 };
	struct trackd_ref ref;

	index_owner_begin(&it.position);
	while (index_owner_next(&own_board, "alice", index_owner_hash(&own_board, "alice"),
				&it.position, &ref) == 1) {
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
		refs[i] = own_create(id, "alice");
		assert_int_equal(refs[i].slot, i);
	}
	(void)own_create("bobs", "bob");
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

#define MET_ONCE(change) OWN_BOARD(met_once_in_linear_time_##change, CAPACITY)

static const struct CMUnitTest tests[] = {
	MET_ONCE(keep),           MET_ONCE(remove_every_other),
	MET_ONCE(remove_each),    MET_ONCE(remove_pairs),
	MET_ONCE(remove_batches), MET_ONCE(remove_some_ahead),
	MET_ONCE(replace_each),   MET_ONCE(remove_and_create),
	MET_ONCE(replace_pairs),  MET_ONCE(refuse_what_is_ahead),
	MET_ONCE(give_away),
};

SUITE(tests)
