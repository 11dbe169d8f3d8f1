/* SPDX-License-Identifier: MIT */
/*
 * The check of an adopted board: it finds each kind of damage that would hide a task, and does not
 * report concurrent updates as damage, because then a healthy board would be rebuilt.
 */
#include "daemon/board/consistency_check.h"
#include "daemon/loop/kept_descriptor.h"
#include "libclient/index/index.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/own_board.h"
#include <signal.h>
#include <stdio.h>

enum { CAPACITY = 64, TASKS = 40, BUSY_CHECKS = 3000 };

static struct trackd_ref refs[TASKS];

static void fill(void)
{
	char id[32];

	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = own_create(id, i % 3 ? "alice" : NULL);
	}
}

static void a_healthy_board_is_sound(void **state)
{
	(void)state;
	assert_true(consistency_check(&own_board));
	for (int i = 0; i < TASKS; i += 2)
		own_remove(refs[i]);
	assert_true(consistency_check(&own_board));
}

/* Damage one word, check that it is found, restore it, and check that no fault is left. */
#define FOUND(field, bad)                                                                          \
	do {                                                                                       \
		__typeof__(field) good_ = (field);                                                 \
		(field) = (bad);                                                                   \
		if (consistency_check(&own_board))                                                 \
			fail_msg("%s = %s was not found", #field, #bad);                           \
		(field) = good_;                                                                   \
		assert_true(consistency_check(&own_board));                                        \
	} while (0)

static void broken_chains_are_found(void **state)
{
	uint32_t slot = refs[1].slot; /* alice's */
	struct layout_head *head = &own_board.heads[slot];
	uint32_t bucket = index_bucket(&own_board, head->id_hash);
	uint32_t alice = index_bucket(&own_board, head->owner_hash);

	(void)state;
	FOUND(head->id_next, 0xdeadbeef);
	FOUND(head->id_next, slot + 1); /* itself */
	FOUND(own_board.id_buckets[bucket], 0u);
	FOUND(own_board.id_buckets[bucket], CAPACITY + 1u);
	FOUND(own_board.owner_buckets[alice], 0u);
	FOUND(own_board.heads[refs[TASKS - 2].slot].owner_next, 0u); /* the newest of alice's */
	FOUND(head->owner_next, slot + 1);
	FOUND(head->owner_next, UINT32_MAX);
}

static void broken_records_are_found(void **state)
{
	uint32_t slot = refs[1].slot;

	(void)state;
	FOUND(own_board.bodies[slot].id[0], 'T');
	FOUND(own_board.bodies[slot].id[0], ' ');
	FOUND(own_board.heads[slot].hint, own_board.heads[slot].hint | 1u << 24);
	FOUND(own_board.heads[slot].id_hash, own_board.heads[slot].id_hash + 1);
	FOUND(own_board.used_map[slot / 64],
	      own_board.used_map[slot / 64] & ~(UINT64_C(1) << slot % 64));
	FOUND(own_board.kinds->n, 0u);
	FOUND(own_board.kinds->n, LAYOUT_KINDS + 1u);
	FOUND(own_board.kinds->kind[0].name[0], 0);
}

static _Noreturn void work_for_ever(void)
{
	char id[32];

	for (unsigned i = 0;; i++) {
		snprintf(id, sizeof id, "busy-%u", i % 16);
		struct trackd_ref ref = harness_create(&own_board, id, i % 2 ? "alice" : "bob");
		harness_must(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_soon()),
			     "remove");
	}
}

static void producers_at_work_are_no_damage(void **state)
{
	uint64_t before = own_board.header->event_next;
	pid_t child = harness_fork();

	(void)state;
	if (child == 0)
		work_for_ever();
	HARNESS_WAIT(load_relaxed(&own_board.header->event_next) > before + 100, 30000);
	for (int i = 0; i < BUSY_CHECKS; i++)
		if (!consistency_check(&own_board))
			fail_msg("check %d of %d called a board in use damaged", i, BUSY_CHECKS);
	harness_kill(child, SIGKILL);
}

static void names_of_kept_descriptors_are_read_back(void **state)
{
	enum kept_kind kind;
	uint32_t a, b;

	(void)state;
	assert_true(kept_descriptor_parse("worker-4095-4294967295", &kind, &a, &b));
	assert_int_equal(kind, KEPT_WORKER);
	assert_int_equal(a, 4095);
	assert_int_equal(b, UINT32_MAX);
	assert_true(kept_descriptor_parse("subscriber-7-0", &kind, &a, &b));
	assert_int_equal(kind, KEPT_SUBSCRIBER);
	assert_int_equal(a, 7);
	assert_false(kept_descriptor_parse("trackd.socket", &kind, &a, &b));
	assert_false(kept_descriptor_parse("stored", &kind, &a, &b));
	assert_false(kept_descriptor_parse("worker-1", &kind, &a, &b));
	assert_false(kept_descriptor_parse("worker-1-2-3", &kind, &a, &b));
	assert_false(kept_descriptor_parse("worker-1-4294967296", &kind, &a, &b));
	assert_false(kept_descriptor_parse("worker--1-2", &kind, &a, &b));
}

#define WITH_TASKS(test) OWN_BOARD_PREPARED(test, CAPACITY, fill)

static const struct CMUnitTest tests[] = {
	WITH_TASKS(a_healthy_board_is_sound),
	WITH_TASKS(broken_chains_are_found),
	WITH_TASKS(broken_records_are_found),
	WITH_TASKS(producers_at_work_are_no_damage),
	cmocka_unit_test(names_of_kept_descriptors_are_read_back),
};

SUITE(tests)
