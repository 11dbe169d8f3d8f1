/* SPDX-License-Identifier: MIT */
/* A board of layout 2 that a test takes over, as the daemon does at its start. */
#ifndef TESTS_UPGRADING_H
#define TESTS_UPGRADING_H

#include "daemon/board/upgrade.h"
#include "libclient/record/internal.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/old_board.h"
#include "tests/harness/suite.h"
#include <signal.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static struct old_board old;
static struct board board;
static struct config config;
static uint64_t worker;
static pid_t other; /* a process that holds a lock, or died with it; 0: none */

static inline int setup(void **state)
{
	(void)state;
	config = (struct config){ .gid = (gid_t)-1, .mode = 0600, .capacity = CAPACITY };
	config.ttl = 3600 * 1000;
	config.active_ttl = 24 * 3600 * 1000;
	harness_board_name(config.board);
	old_board_make(&old, config.board, CAPACITY);
	worker = old_board_join(&old, getpid());
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (other > 0)
		(void)harness_kill(other, SIGKILL);
	other = 0;
	if (board.base) {
		harness_unlink(config.board);
		harness_board_free(&board);
	}
	board.base = NULL;
	old_board_free(&old);
	return 0;
}

/* What the daemon does at its start. */
static inline int try(bool foreign)
{
	struct layout2_board from;
	int fd = dup(old.fd);

	HARNESS_MUST(layout2_board_map(&from, fd));
	int error = upgrade_board(&board, &from, &config, foreign);
	if (error < 0)
		layout2_board_unmap(&from);
	return error;
}

static inline void take_over(void)
{
	char text[400] = "";

	assert_int_equal(try(false), 0);
	if (inspection_faults(&board, text, sizeof text) > 0)
		fail_msg("%s", text);
}

static inline struct trackd_task task_of(const char *id)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	HARNESS_MUST(view_lookup(&board, id, 0, &ref));
	HARNESS_MUST(view_copy(&board, ref, 0, &task));
	return task;
}

static inline struct old_ref create(const char *id)
{
	return old_create(&old, &(struct old_new){ .id = id });
}

static inline struct old_ref active(const char *id)
{
	struct old_ref ref = create(id);

	assert_int_equal(old_update(&old, ref, 1, "at work", worker), OLD_DONE);
	return ref;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
