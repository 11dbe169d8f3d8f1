/* SPDX-License-Identifier: MIT */
/*
 * The check of an adopted board: it finds each sort of damage that would hide a task, and never
 * takes producers at work for damage, since then a healthy board would be rebuilt under them.
 */
#include "daemon/board/consistency_check.h"
#include "daemon/loop/kept_descriptor.h"
#include "libclient/record/index.h"
#include "libclient/record/slot.h"
#include "libclient/segment/atomic.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CAPACITY = 64, TASKS = 40, BUSY_CHECKS = 3000 };

static struct board board;
static struct trackd_ref refs[TASKS];

static int make_board(void **state)
{
	char id[32];

	(void)state;
	harness_board(&board, CAPACITY);
	for (int i = 0; i < TASKS; i++) {
		snprintf(id, sizeof id, "task-%d", i);
		refs[i] = harness_create(&board, id, i % 3 ? "alice" : NULL);
	}
	return 0;
}

static int free_board(void **state)
{
	(void)state;
	harness_board_free(&board);
	return 0;
}

static void a_healthy_board_is_sound(void **state)
{
	(void)state;
	assert_true(consistency_check(&board));
	for (int i = 0; i < TASKS; i += 2)
		harness_must(slot_remove(&board, refs[i], SLOT_REMOVE_ASKED, harness_soon()),
			     "remove");
	assert_true(consistency_check(&board));
}

/* Damage one word, see that it is found, and that nothing else is. */
#define FOUND(field, bad)                                                                          \
	do {                                                                                       \
		__typeof__(field) good_ = (field);                                                 \
		(field) = (bad);                                                                   \
		if (consistency_check(&board))                                                     \
			fail_msg("%s = %s was not found", #field, #bad);                           \
		(field) = good_;                                                                   \
		assert_true(consistency_check(&board));                                            \
	} while (0)

static void broken_chains_are_found(void **state)
{
	uint32_t slot = refs[1].slot; /* alice's */
	struct layout_head *head = &board.heads[slot];
	uint32_t bucket = index_bucket(&board, head->id_hash);
	uint32_t alice = index_bucket(&board, head->owner_hash);

	(void)state;
	FOUND(head->id_next, 0xdeadbeef);
	FOUND(head->id_next, slot + 1); /* itself */
	FOUND(board.id_buckets[bucket], 0u);
	FOUND(board.id_buckets[bucket], CAPACITY + 1u);
	FOUND(board.owner_buckets[alice], 0u);
	FOUND(board.heads[refs[TASKS - 2].slot].owner_next, 0u); /* the newest of alice's */
	FOUND(head->owner_next, slot + 1);
	FOUND(head->owner_next, UINT32_MAX);
}

static void broken_records_are_found(void **state)
{
	uint32_t slot = refs[1].slot;

	(void)state;
	FOUND(board.bodies[slot].id[0], 'T');
	FOUND(board.bodies[slot].id[0], ' ');
	FOUND(board.heads[slot].hint, board.heads[slot].hint | 1u << 24);
	FOUND(board.heads[slot].id_hash, board.heads[slot].id_hash + 1);
	FOUND(board.used_map[slot / 64], board.used_map[slot / 64] & ~(UINT64_C(1) << slot % 64));
	FOUND(board.kinds->n, 0u);
	FOUND(board.kinds->n, LAYOUT_KINDS + 1u);
	FOUND(board.kinds->kind[0].name[0], 0);
}

static _Noreturn void work_for_ever(void)
{
	char id[32];

	for (unsigned i = 0;; i++) {
		snprintf(id, sizeof id, "busy-%u", i % 16);
		struct trackd_ref ref = harness_create(&board, id, i % 2 ? "alice" : "bob");
		harness_must(slot_remove(&board, ref, SLOT_REMOVE_ASKED, harness_soon()), "remove");
	}
}

static void producers_at_work_are_no_damage(void **state)
{
	uint64_t before = board.header->event_next;
	pid_t child = harness_fork();

	(void)state;
	if (child == 0)
		work_for_ever();
	HARNESS_WAIT(load_relaxed(&board.header->event_next) > before + 100, 30000);
	for (int i = 0; i < BUSY_CHECKS; i++)
		if (!consistency_check(&board))
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_healthy_board_is_sound, make_board, free_board),
		cmocka_unit_test_setup_teardown(broken_chains_are_found, make_board, free_board),
		cmocka_unit_test_setup_teardown(broken_records_are_found, make_board, free_board),
		cmocka_unit_test_setup_teardown(producers_at_work_are_no_damage, make_board,
						free_board),
		cmocka_unit_test(names_of_kept_descriptors_are_read_back),
	};

	return suite_run(tests);
}
