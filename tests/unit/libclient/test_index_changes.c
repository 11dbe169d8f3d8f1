/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/* Lookups and walks while the chains change: a change at each instruction of a lookup, and a second
 * thread that changes them continually. */
#include "daemon/board/carry.h"
#include "libclient/index/index.h"
#include "libclient/record/slot.h"
#include "libclient/record/view.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/own_board.h"
#include "tests/harness/stepped.h"
#include <pthread.h>
#include <stdio.h>

enum { CAPACITY = 16 };

/* A fault shows at several consecutive instructions, and a sanitizer generates many instructions
 * for one, so skip some of them. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 29 };
#else
enum { STRIDE = 2 };
#endif

/* ---- At each instruction of a lookup ------------------------------------- */

/* A chain of five, newest first: [4] [3] [2] [1] [0]. */
struct scene {
	char ids[5][32], elsewhere[32], wanted[32];
	struct trackd_ref refs[5], moved; /* moved: the task that the change created, if any */
	void (*change)(struct scene *scene);
	int error;
	uint32_t slot;
	uint64_t stamp;
};

static void look_up(void *data)
{
	struct scene *scene = data;

	scene->error = index_lookup(&own_board, scene->wanted, &scene->slot, &scene->stamp);
}

static void change(void *data)
{
	struct scene *scene = data;

	scene->change(scene);
}

static void to_another_chain(struct scene *scene)
{
	own_remove(scene->refs[2]);
	scene->moved = own_create_in(scene->refs[2].slot, scene->elsewhere, NULL);
}

static void two_and_one_to_another_chain(struct scene *scene)
{
	own_remove(scene->refs[3]);
	to_another_chain(scene);
}

static void to_the_front(struct scene *scene)
{
	own_remove(scene->refs[2]);
	scene->moved = own_create_in(scene->refs[2].slot, scene->ids[2], NULL);
}

static void wanted_in_anothers_slot(struct scene *scene)
{
	own_remove(scene->refs[2]);
	scene->moved = own_create_in(scene->refs[2].slot, scene->wanted, NULL);
}

static void replace_wanted(struct scene *scene)
{
	HARNESS_MUST(own_new(scene->wanted, "", true, harness_soon(), &scene->moved));
}

/* The first slot of the chain is the same as before, but has another task. */
static void replace_wanted_and_the_first(struct scene *scene)
{
	own_remove(scene->refs[4]);
	replace_wanted(scene);
	(void)own_create_in(scene->refs[4].slot, scene->ids[4], NULL);
}

static void set_up(struct scene *scene, void (*what)(struct scene *), unsigned wanted)
{
	*scene = (struct scene){ .change = what };
	for (unsigned i = 0; i < 5; i++)
		own_id_in(9, i, scene->ids[i]);
	own_id_in(2, 0, scene->elsewhere);
	own_id_in(9, wanted, scene->wanted);
}

static void begin(struct scene *scene)
{
	own_remove_all();
	for (unsigned i = 0; i < 5; i++)
		scene->refs[i] = own_create(scene->ids[i], NULL);
	scene->moved = (struct trackd_ref){ UINT32_MAX, 0 };
}

static bool found_as(const struct scene *scene, struct trackd_ref ref)
{
	return scene->error == 0 && scene->slot == ref.slot &&
	       stamp_is_live(scene->stamp, ref.generation);
}

/* A change at every instruction of a lookup. The wanted task is the oldest, or one that does not
 * exist at first (5). */
static void look_up_under(void (*what)(struct scene *), unsigned wanted)
{
	static struct scene scene;
	unsigned n = 1;

	HARNESS_NEEDS(stepped_possible(), "this processor has no trap flag");
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

/* Two neighbours are removed, and the older one's slot gets a task of another owner. */
static void two_leave(void *data)
{
	struct walk_scene *scene = data;

	own_remove(scene->refs[4]);
	own_remove(scene->refs[3]);
	(void)own_create_in(scene->refs[3].slot, "another", scene->another);
}

static void next_leaves(void *data)
{
	struct walk_scene *scene = data;

	own_remove(scene->refs[3]);
}

static void next_becomes_anothers(void *data)
{
	struct walk_scene *scene = data;

	next_leaves(scene);
	(void)own_create_in(scene->refs[3].slot, "another", scene->another);
}

static void next_becomes_newest(void *data)
{
	struct walk_scene *scene = data;

	next_leaves(scene);
	(void)own_create_in(scene->refs[3].slot, "another", "alice");
}

/* The slot is filled for a task of the same owner, whose create is refused. */
static void next_is_claimed_in_vain(void *data)
{
	struct walk_scene *scene = data;
	struct trackd_ref ref;

	next_leaves(scene);
	own_board.header->cursor = scene->refs[3].slot;
	assert_int_equal(own_new("others", "alice", true, harness_soon(), &ref), TRACKD_E_EXISTS);
}

static void both_become_newest(void *data)
{
	struct walk_scene *scene = data;

	next_becomes_newest(data);
	(void)own_create_in(scene->refs[4].slot, "one more", "alice");
}

static uint32_t owner_bucket(const char *owner)
{
	return index_bucket(&own_board, index_owner_hash(&own_board, owner));
}

static void begin_walk(struct walk_scene *scene)
{
	static const char *const ids[5] = { "a", "b", "c", "d", "e" };

	own_remove_all();
	*scene = (struct walk_scene){ .others = 0 };
	(void)own_create("others", "bob");
	for (unsigned i = 0; i < 5; i++)
		scene->refs[i] = own_create(ids[i], "alice");
	for (unsigned i = 0; i == 0 || owner_bucket(scene->another) == owner_bucket("alice"); i++)
		snprintf(scene->another, sizeof scene->another, "owner-%u", i);
}

/* A change at each instruction of a step from [4], which may have been removed before. */
static void walk_under(void (*what)(void *), bool present_left)
{
	struct walk_scene scene;

	for (unsigned n = 1;; n += 3 * STRIDE) {
		begin_walk(&scene);
		view_iter_owner(&own_board, "alice", &scene.iter);
		assert_true(walk_on(&scene)); /* now at [4] */
		if (present_left)
			own_remove(scene.refs[4]);
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

/* The first takes the present one away itself; the last is made when that has left. */
static void (*const changes[])(void *) = { two_leave,
					   next_leaves,
					   next_becomes_anothers,
					   next_becomes_newest,
					   next_is_claimed_in_vain,
					   both_become_newest };
enum { N_CHANGES = sizeof changes / sizeof changes[0] };

static void an_owners_tasks_are_returned_once_while_some_leave(void **state)
{
	(void)state;
	HARNESS_NEEDS(stepped_possible(), "this processor has no trap flag");
	for (int i = 0; i < N_CHANGES - 1; i++)
		walk_under(changes[i], false);
}

static void an_owners_tasks_are_returned_once_after_the_current_one_left(void **state)
{
	(void)state;
	HARNESS_NEEDS(stepped_possible(), "this processor has no trap flag");
	for (int i = 1; i < N_CHANGES; i++)
		walk_under(changes[i], true);
}

/* ---- Changes by another thread ------------------------------------------- */

enum { STABLE = 4, FILLERS = 9, SPARE = CAPACITY - STABLE - FILLERS, MUTATIONS = 100000 };

static struct mutation {
	char passing[2][32], moving[32];
	uint32_t stop; /* atomic */
} mutation;

/* Create and remove tasks in two buckets, so that a slot's next tenant is in another chain than the
 * previous one; replace one task continually. */
static void *mutate(void *nothing)
{
	struct trackd_ref ref;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct trackd_ref passing = own_create(mutation.passing[i / 3 % 2], NULL);
		HARNESS_MUST(own_new(mutation.moving, "", true, harness_soon(), &ref));
		own_remove(passing);
	}
	store_release(&mutation.stop, 1);
	return nothing;
}

static void fill_board(struct trackd_ref *refs, char (*stable)[32])
{
	char id[32];

	static_assert(SPARE == 3, "a slot is soon given out again");
	for (unsigned i = 0; i < FILLERS; i++) {
		own_id_in(4, i, id);
		(void)own_create(id, NULL);
	}
	for (unsigned i = 0; i < STABLE; i++) {
		own_id_in(9, i, stable[i]);
		refs[i] = own_create(stable[i], NULL);
	}
	own_id_in(9, 10, mutation.passing[0]);
	own_id_in(2, 0, mutation.passing[1]);
	own_id_in(9, 20, mutation.moving);
	(void)own_create(mutation.moving, NULL);
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
	own_id_in(9, 30, never);
	assert_int_equal(pthread_create(&thread, NULL, mutate, NULL), 0);
	for (; load_acquire(&mutation.stop) == 0; n++) {
		bad += index_lookup(&own_board, stable[n % STABLE], &slot, &stamp) != 0 ||
		       slot != refs[n % STABLE].slot;
		bad += index_lookup(&own_board, mutation.moving, &slot, &stamp) != 0;
		bad += index_lookup(&own_board, never, &slot, &stamp) != TRACKD_E_NOT_FOUND;
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

/* The iteration has returned more tasks of the old board than the new one has slots. */
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
	large.header->cursor = TASKS; /* the first tasks are in slots beyond the smaller capacity */
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		harness_create(&large, id, "alice");
	}
	view_iter_owner(&large, "alice", &own);
	for (int i = 0; i < REMOVED; i++) {
		assert_int_equal(view_next(&own, &ref), 1);
		HARNESS_MUST(slot_remove(&large, ref, SLOT_REMOVE_ASKED, harness_soon()));
	}
	view_iter_all(&large, &all);
	assert_int_equal(view_next(&all, &ref), 1);
	HARNESS_MUST(carry_begin(&carry, &small, &large));
	segment_close(&large, LAYOUT_CLOSED);
	HARNESS_MUST(carry_end(&carry, LAYOUT_CLOSED));
	assert_int_equal(view_next(&own, &ref), 1); /* these steps find the board closed */
	assert_int_equal(view_next(&all, &ref), 1);
	view_iter_move(&own, &small);
	view_iter_move(&all, &small);
	assert_int_equal(count_rest(&own), TASKS - REMOVED);
	assert_int_equal(count_rest(&all), TASKS - REMOVED);
	harness_board_free(&large);
	harness_board_free(&small);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_task_is_found_while_one_before_it_leaves, CAPACITY),
	OWN_BOARD(a_task_is_found_while_it_is_replaced, CAPACITY),
	OWN_BOARD(what_is_found_is_never_the_slots_former_tenant, CAPACITY),
	OWN_BOARD(an_owners_tasks_are_returned_once_while_some_leave, CAPACITY),
	OWN_BOARD(an_owners_tasks_are_returned_once_after_the_current_one_left, CAPACITY),
	OWN_BOARD(tasks_are_found_while_their_chain_changes, CAPACITY),
	cmocka_unit_test(nothing_is_missed_over_a_smaller_board),
};

SUITE(tests)
