/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/* Lookups and walks while others change the chains: a change at each instruction of a lookup, and
 * one after another beside it. */
#include "daemon/board/carry.h"
#include "libclient/record/index.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include "tests/harness/stepped.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 16 };

/* What may go wrong may do so at several instructions in a row, and a sanitizer makes many of one:
 * so not at each of them. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 29 };
#else
enum { STRIDE = 2 };
#endif

static struct board board;

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

static void id_in(uint32_t bucket, unsigned n, char ret_id[32])
{
	for (unsigned i = 0, met = 0;; i++) {
		snprintf(ret_id, 32, "id-%u", i);
		if (index_bucket(&board, index_id_hash(&board, ret_id)) == bucket && met++ == n)
			return;
	}
}

static void remove_task(struct trackd_ref ref)
{
	HARNESS_MUST(slot_remove(&board, ref, SLOT_REMOVE_ASKED, harness_deadline(2000)));
}

static void remove_all(void)
{
	struct trackd_iter iter;
	struct trackd_ref ref;

	view_iter_all(&board, &iter);
	while (view_next(&iter, &ref) == 1)
		remove_task(ref);
}

/* The slot's next tenant. */
static struct trackd_ref create_in(uint32_t slot, const char *id, const char *owner)
{
	board.header->cursor = slot;
	struct trackd_ref ref = harness_create(&board, id, owner);
	assert_int_equal(ref.slot, slot);
	return ref;
}

/* ---- At each instruction of a lookup ------------------------------------- */

/* A chain of five, newest first: [4] [3] [2] [1] [0]. */
struct scene {
	char ids[5][32], elsewhere[32], wanted[32];
	struct trackd_ref refs[5], moved; /* moved: what the change has made, if anything */
	void (*change)(struct scene *scene);
	int error;
	uint32_t slot;
	uint64_t stamp;
};

static void look_up(void *data)
{
	struct scene *scene = data;

	scene->error = index_lookup(&board, scene->wanted, &scene->slot, &scene->stamp);
}

static void change(void *data)
{
	struct scene *scene = data;

	scene->change(scene);
}

static void to_another_chain(struct scene *scene)
{
	remove_task(scene->refs[2]);
	scene->moved = create_in(scene->refs[2].slot, scene->elsewhere, NULL);
}

static void two_and_one_to_another_chain(struct scene *scene)
{
	remove_task(scene->refs[3]);
	to_another_chain(scene);
}

static void to_the_front(struct scene *scene)
{
	remove_task(scene->refs[2]);
	scene->moved = create_in(scene->refs[2].slot, scene->ids[2], NULL);
}

static void wanted_in_anothers_slot(struct scene *scene)
{
	remove_task(scene->refs[2]);
	scene->moved = create_in(scene->refs[2].slot, scene->wanted, NULL);
}

static void replace_wanted(struct scene *scene)
{
	struct tenant_new task = {
		.id = scene->wanted, .owner = "", .name = "", .message = "", .replace = true
	};

	HARNESS_MUST(tenant_create(&board, &task, harness_deadline(2000), &scene->moved));
}

/* The first slot of the chain is the same as before, with another task in it. */
static void replace_wanted_and_the_first(struct scene *scene)
{
	remove_task(scene->refs[4]);
	replace_wanted(scene);
	(void)create_in(scene->refs[4].slot, scene->ids[4], NULL);
}

static void set_up(struct scene *scene, void (*what)(struct scene *), unsigned wanted)
{
	*scene = (struct scene){ .change = what };
	for (unsigned i = 0; i < 5; i++)
		id_in(9, i, scene->ids[i]);
	id_in(2, 0, scene->elsewhere);
	id_in(9, wanted, scene->wanted);
}

static void begin(struct scene *scene)
{
	remove_all();
	for (unsigned i = 0; i < 5; i++)
		scene->refs[i] = harness_create(&board, scene->ids[i], NULL);
	scene->moved = (struct trackd_ref){ UINT32_MAX, 0 };
}

static bool found_as(const struct scene *scene, struct trackd_ref ref)
{
	return scene->error == 0 && scene->slot == ref.slot &&
	       stamp_is_live(scene->stamp, ref.generation);
}

/* A change at every instruction of a lookup. The wanted task is the oldest, or one that is not
 * there at first (5). */
static void look_up_under(void (*what)(struct scene *), unsigned wanted)
{
	static struct scene scene;
	unsigned n = 1;

	if (!stepped_possible())
		HARNESS_SKIP("this processor has no trap flag");
	set_up(&scene, what, wanted);
	for (;; n += STRIDE) {
		begin(&scene);
		if (!stepped_run(look_up, change, &scene, n))
			break;
		bool right = found_as(&scene, scene.moved) ||
			     (wanted < 5 ? found_as(&scene, scene.refs[wanted])
					 : scene.error == TRACKD_E_NOT_FOUND);
		if (!right)
			fail_msg("at instruction %u: error %d, slot %u", n, scene.error,
				 scene.slot);
	}
	assert_true(n > 20);
}

static void a_task_is_found_while_one_before_it_leaves(void **state)
{
	(void)state;
	look_up_under(to_another_chain, 0);
	look_up_under(two_and_one_to_another_chain, 0);
	look_up_under(to_the_front, 0);
}

static void a_task_is_found_while_it_is_replaced(void **state)
{
	(void)state;
	look_up_under(replace_wanted, 0);
	look_up_under(replace_wanted, 2);
	look_up_under(replace_wanted_and_the_first, 0);
	look_up_under(replace_wanted_and_the_first, 2);
}

static void what_is_found_is_never_the_slots_former_tenant(void **state)
{
	(void)state;
	look_up_under(wanted_in_anothers_slot, 5);
}

struct walk_scene {
	struct trackd_ref refs[5];
	char another[16]; /* an owner in another bucket */
	struct trackd_iter iter;
	int met[5], others;
};

static bool walk_on(struct walk_scene *scene)
{
	struct trackd_ref ref;
	int i = 0;

	if (view_next(&scene->iter, &ref) != 1)
		return false;
	while (i < 5 && ref_bits(scene->refs[i]) != ref_bits(ref))
		i++;
	if (i < 5)
		scene->met[i]++;
	else
		scene->others++;
	return true;
}

static void walk_once(void *data)
{
	(void)walk_on(data);
}

/* Two neighbours leave, and the older one's slot becomes a task of somebody else. */
static void two_leave(void *data)
{
	struct walk_scene *scene = data;

	remove_task(scene->refs[4]);
	remove_task(scene->refs[3]);
	(void)create_in(scene->refs[3].slot, "another", scene->another);
}

static void next_leaves(void *data)
{
	struct walk_scene *scene = data;

	remove_task(scene->refs[3]);
}

static void next_becomes_anothers(void *data)
{
	struct walk_scene *scene = data;

	next_leaves(scene);
	(void)create_in(scene->refs[3].slot, "another", scene->another);
}

static void next_becomes_newest(void *data)
{
	struct walk_scene *scene = data;

	next_leaves(scene);
	(void)create_in(scene->refs[3].slot, "another", "alice");
}

/* Its slot is filled for a task of the same owner, which is refused. */
static void next_is_claimed_in_vain(void *data)
{
	struct walk_scene *scene = data;
	struct tenant_new task = {
		.id = "others", .owner = "alice", .name = "", .message = "", .replace = true
	};
	struct trackd_ref ref;

	next_leaves(scene);
	board.header->cursor = scene->refs[3].slot;
	assert_int_equal(tenant_create(&board, &task, harness_deadline(2000), &ref),
			 TRACKD_E_EXISTS);
}

static void both_become_newest(void *data)
{
	struct walk_scene *scene = data;

	next_becomes_newest(data);
	(void)create_in(scene->refs[4].slot, "one more", "alice");
}

static uint32_t owner_bucket(const char *owner)
{
	return index_bucket(&board, index_owner_hash(&board, owner));
}

static void begin_walk(struct walk_scene *scene)
{
	static const char *const ids[5] = { "a", "b", "c", "d", "e" };

	remove_all();
	*scene = (struct walk_scene){ .others = 0 };
	(void)harness_create(&board, "others", "bob");
	for (unsigned i = 0; i < 5; i++)
		scene->refs[i] = harness_create(&board, ids[i], "alice");
	for (unsigned i = 0; i == 0 || owner_bucket(scene->another) == owner_bucket("alice"); i++)
		snprintf(scene->another, sizeof scene->another, "owner-%u", i);
}

/* A change at each instruction of going on from [4], which has left before or not. */
static void walk_under(void (*what)(void *), bool present_left)
{
	struct walk_scene scene;

	for (unsigned n = 1;; n += 3 * STRIDE) {
		begin_walk(&scene);
		view_iter_owner(&board, "alice", &scene.iter);
		assert_true(walk_on(&scene)); /* stands at [4] */
		if (present_left)
			remove_task(scene.refs[4]);
		bool interfered = stepped_run(walk_once, what, &scene, n);
		while (walk_on(&scene))
			;
		if (!interfered)
			break;
		for (int i = 0; i < 5; i++)
			if (scene.met[i] != 1 && !(i == 3 && scene.met[i] == 0))
				fail_msg("at instruction %u: task %d %d times", n, i, scene.met[i]);
		assert_int_equal(scene.others, 0);
	}
}

static void an_owners_tasks_are_met_once_while_some_leave(void **state)
{
	(void)state;
	if (!stepped_possible())
		HARNESS_SKIP("this processor has no trap flag");
	walk_under(two_leave, false);
	walk_under(next_leaves, false);
	walk_under(next_becomes_anothers, false);
	walk_under(next_becomes_newest, false);
	walk_under(next_is_claimed_in_vain, false);
}

static void an_owners_tasks_are_met_once_after_the_present_one_left(void **state)
{
	(void)state;
	if (!stepped_possible())
		HARNESS_SKIP("this processor has no trap flag");
	walk_under(next_leaves, true);
	walk_under(next_becomes_anothers, true);
	walk_under(next_becomes_newest, true);
	walk_under(next_is_claimed_in_vain, true);
	walk_under(both_become_newest, true);
}

/* ---- Beside a lookup ----------------------------------------------------- */

enum { STABLE = 4, FILLERS = 9, SPARE = CAPACITY - STABLE - FILLERS, MUTATIONS = 100000 };

static struct mutation {
	char passing[2][32], moving[32];
	uint32_t stop; /* atomic */
} mutation;

/* Tasks come and go in two buckets, so that a slot's next tenant is in another chain than the one
 * before; one task is replaced all the time. */
static void *mutate(void *nothing)
{
	struct tenant_new moving = {
		.id = mutation.moving, .owner = "", .name = "", .message = "", .replace = true
	};
	struct trackd_ref ref;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct trackd_ref passing =
			harness_create(&board, mutation.passing[i / 3 % 2], NULL);
		HARNESS_MUST(tenant_create(&board, &moving, harness_deadline(2000), &ref));
		remove_task(passing);
	}
	store_release(&mutation.stop, 1);
	return nothing;
}

static void fill_board(struct trackd_ref *refs, char (*stable)[32])
{
	char id[32];

	static_assert(SPARE == 3, "a slot is soon given out again");
	for (unsigned i = 0; i < FILLERS; i++) {
		id_in(4, i, id);
		(void)harness_create(&board, id, NULL);
	}
	for (unsigned i = 0; i < STABLE; i++) {
		id_in(9, i, stable[i]);
		refs[i] = harness_create(&board, stable[i], NULL);
	}
	id_in(9, 10, mutation.passing[0]);
	id_in(2, 0, mutation.passing[1]);
	id_in(9, 20, mutation.moving);
	(void)harness_create(&board, mutation.moving, NULL);
	mutation.stop = 0;
}

static void tasks_are_found_while_their_chain_changes(void **state)
{
	struct trackd_ref refs[STABLE] = { { 0, 0 } };
	char stable[STABLE][32], never[32];
	uint64_t stamp, n = 0, bad = 0;
	pthread_t thread;
	uint32_t slot;

	(void)state;
	fill_board(refs, stable);
	id_in(9, 30, never);
	assert_int_equal(pthread_create(&thread, NULL, mutate, NULL), 0);
	for (; load_acquire(&mutation.stop) == 0; n++) {
		bad += index_lookup(&board, stable[n % STABLE], &slot, &stamp) != 0 ||
		       slot != refs[n % STABLE].slot;
		bad += index_lookup(&board, mutation.moving, &slot, &stamp) != 0;
		bad += index_lookup(&board, never, &slot, &stamp) != TRACKD_E_NOT_FOUND;
	}
	pthread_join(thread, NULL);
	if (bad != 0)
		fail_msg("%u of %u lookups were wrong", (unsigned)bad, (unsigned)n * 3);
}

static unsigned count_rest(struct trackd_iter *iter)
{
	struct trackd_ref ref;
	unsigned n = 0;

	while (view_next(iter, &ref) == 1)
		n++;
	return n;
}

/* More tasks were met on the old board than the new one has slots. */
static void nothing_is_missed_over_a_smaller_board(void **state)
{
	enum { LARGE = 256, SMALL = 64, TASKS = 200, REMOVED = 190 };
	struct board large, small;
	struct trackd_iter all, own;
	struct trackd_ref ref;
	struct carry carry;
	char id[32];

	(void)state;
	harness_board(&large, LARGE);
	harness_board(&small, SMALL);
	large.header->cursor = TASKS; /* the first ones lie above the smaller board */
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		harness_create(&large, id, "alice");
	}
	view_iter_owner(&large, "alice", &own);
	for (int i = 0; i < REMOVED; i++) {
		assert_int_equal(view_next(&own, &ref), 1);
		HARNESS_MUST(slot_remove(&large, ref, SLOT_REMOVE_ASKED, harness_deadline(2000)));
	}
	view_iter_all(&large, &all);
	assert_int_equal(view_next(&all, &ref), 1);
	HARNESS_MUST(carry_begin(&carry, &small, &large));
	segment_close(&large, LAYOUT_CLOSED);
	HARNESS_MUST(carry_end(&carry, LAYOUT_CLOSED));
	assert_int_equal(view_next(&own, &ref), 1); /* the steps that find the board closed */
	assert_int_equal(view_next(&all, &ref), 1);
	view_iter_move(&own, &small);
	view_iter_move(&all, &small);
	assert_int_equal(count_rest(&own), TASKS - REMOVED);
	assert_int_equal(count_rest(&all), TASKS - REMOVED);
	harness_board_free(&large);
	harness_board_free(&small);
}

#define OWN_BOARD(test) cmocka_unit_test_setup_teardown(test, make_board, free_board)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_BOARD(a_task_is_found_while_one_before_it_leaves),
		OWN_BOARD(a_task_is_found_while_it_is_replaced),
		OWN_BOARD(what_is_found_is_never_the_slots_former_tenant),
		OWN_BOARD(an_owners_tasks_are_met_once_while_some_leave),
		OWN_BOARD(an_owners_tasks_are_met_once_after_the_present_one_left),
		OWN_BOARD(tasks_are_found_while_their_chain_changes),
		cmocka_unit_test(nothing_is_missed_over_a_smaller_board),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
