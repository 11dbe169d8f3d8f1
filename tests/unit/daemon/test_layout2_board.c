/* SPDX-License-Identifier: MIT */
/* Which files are taken for boards of layout 2, and what their bytes can do. */
#include "daemon/board/consistency_check.h"
#include "daemon/board/layout2_board.h"
#include "daemon/board/task.h"
#include "daemon/board/upgrade.h"
#include "libclient/record/internal.h"
#include "tests/harness/harness.h"
#include "tests/harness/old_board.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 32, SLOTS = CAPACITY + 64 };

static struct old_board old;

static int setup(void **state)
{
	(void)state;
	old_board_make(&old, NULL, CAPACITY);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	old_board_free(&old);
	return 0;
}

/* What mapping it answers. */
static int answer(void)
{
	struct layout2_board board;
	int fd = dup(old.fd), error = layout2_board_map(&board, fd);

	if (error == 0)
		layout2_board_unmap(&board);
	else
		close(fd);
	return error;
}

/* ---- The header -------------------------------------------------------------- */

static void a_board_of_layout_2_is_mapped(void **state)
{
	struct layout2_board board;

	(void)state;
	HARNESS_MUST(layout2_board_map(&board, dup(old.fd)));
	assert_int_equal(board.tasks_max, CAPACITY);
	assert_int_equal(board.capacity, SLOTS);
	assert_int_equal(board.size, old.size);
	layout2_board_unmap(&board);
}

static void each_field_of_the_header_counts(void **state)
{
	static const struct {
		const char *name;
		size_t at, size;
		int answer;
	} fields[] = {
		{ "magic", 0, 8, TRACKD_E_DAMAGED },     { "major", 12, 2, TRACKD_E_LAYOUT },
		{ "capacity", 20, 4, TRACKD_E_DAMAGED }, { "fingerprint", 24, 8, TRACKD_E_LAYOUT },
		{ "size", 32, 8, TRACKD_E_DAMAGED },     { "spare", 108, 4, TRACKD_E_DAMAGED },
		{ "kinds", 120, 8, TRACKD_E_DAMAGED },   { "clients", 128, 8, TRACKD_E_DAMAGED },
		{ "heads", 176, 8, TRACKD_E_DAMAGED },   { "details", 200, 8, TRACKD_E_DAMAGED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		for (size_t byte = 0; byte < fields[i].size; byte++) {
			uint8_t *at = old_board_header(&old, fields[i].at + byte);
			*at ^= 0x40;
			if (answer() != fields[i].answer)
				fail_msg("%s: %d", fields[i].name, answer());
			*at ^= 0x40;
		}
	assert_int_equal(answer(), 0);
}

static void a_file_of_another_size_is_damaged(void **state)
{
	(void)state;
	HARNESS_MUST(ftruncate(old.fd, (off_t)old.size + 1));
	assert_int_equal(answer(), TRACKD_E_DAMAGED);
	HARNESS_MUST(ftruncate(old.fd, (off_t)old.size - 1));
	assert_int_equal(answer(), TRACKD_E_DAMAGED);
	HARNESS_MUST(ftruncate(old.fd, 100));
	assert_int_equal(answer(), TRACKD_E_DAMAGED);
	HARNESS_MUST(ftruncate(old.fd, 0));
	assert_int_equal(answer(), TRACKD_E_DAMAGED);
}

static void a_board_of_this_layout_is_another(void **state)
{
	struct layout2_board board;
	struct board own;

	(void)state;
	harness_board(&own, CAPACITY);
	assert_int_equal(layout2_board_map(&board, own.fd), TRACKD_E_LAYOUT);
	assert_int_equal(segment_map(&own, old.fd, true), TRACKD_E_LAYOUT);
	harness_board_free(&own);
}

/* ---- Any bytes ----------------------------------------------------------------- */

static void spoil(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (random() % 8 == 0)
			bytes[i] = (uint8_t)random();
}

/* All but the mutexes: only the daemon's own user can spoil those, and it trusts them. */
static void spoil_all(void)
{
	uint8_t *base = old_board_header(&old, 0);
	const uint64_t *sections = old_board_header(&old, 120);

	spoil(base + sections[0] + 48, 64 * 576 + 16);
	spoil(base + sections[1], (size_t)4096 * 64);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		uint64_t *stamp = old_head(&old, slot), before = *stamp;
		uint8_t *body = old_body(&old, slot);

		spoil(old_head(&old, slot), 64);
		*stamp = slot % 2 ? (before & ~UINT64_C(3)) | 2 : *stamp;
		spoil(body, slot % 4 ? 0 : 64);
		spoil(body + 112, 640 - 112);
		spoil(old_detail(&old, slot), 1408);
	}
	/* What a sane header has may be anything as well. */
	spoil(base + 256, 40);
}

static void any_bytes_make_no_harm(void **state)
{
	static struct config config = { .gid = (gid_t)-1,
					.mode = 0600,
					.capacity = SLOTS,
					.ttl = 3600000,
					.active_ttl = 86400000 };
	char id[32];

	(void)state;
	harness_board_name(config.board);
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct layout2_board from;
		struct old_board fresh;
		struct trackd_task task;
		struct trackd_ref ref;
		struct board board;

		srandom(seed);
		old_board_make(&fresh, NULL, CAPACITY);
		old_board_free(&old);
		old = fresh;
		for (int i = 0; i < CAPACITY; i++) {
			snprintf(id, sizeof id, "task-%d", i);
			(void)old_create(&old, &(struct old_new){ .id = id });
		}
		spoil_all();
		HARNESS_MUST(layout2_board_map(&from, dup(old.fd)));
		HARNESS_MUST(upgrade_board(&board, &from, &config, seed % 2 == 0));
		if (!consistency_check(&board))
			fail_msg("seed %u", seed);
		for (uint32_t slot = 0; slot < board.capacity; slot++)
			if (task_at(&board, slot, &ref))
				HARNESS_MUST(task_copy(&board, ref, &task));
		harness_unlink(config.board);
		harness_board_free(&board);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(a_board_of_layout_2_is_mapped),
	TEST(each_field_of_the_header_counts),
	TEST(a_file_of_another_size_is_damaged),
	TEST(a_board_of_this_layout_is_another),
	TEST(any_bytes_make_no_harm),
};

SUITE(tests)
