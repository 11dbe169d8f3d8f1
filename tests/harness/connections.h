/* SPDX-License-Identifier: MIT */
/*
 * A daemon that all tests of a program share, and for each test two connections to its board, on
 * which no task is:
 *
 *	static const struct CMUnitTest tests[] = {
 *		CONNECTED(a_timeout_is_kept),
 *	};
 *
 *	SUITE_WITH(tests, connections_start, connections_stop)
 *
 * A test may kill the daemon: it is started again for the next. Where a test wants no daemon, it has
 * a board of its own, which is opened by its name:
 *
 *		CONNECTED_ALONE(closing_leaves_nothing, 16, 80),
 */
#ifndef TESTS_CONNECTIONS_H
#define TESTS_CONNECTIONS_H

#include "tests/harness/harness.h"
#include "tests/harness/linked_board.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"

extern struct trackd *writer, *reader;

/* ---- Beside a daemon ---------------------------------------------------- */

extern struct private_daemon shared_daemon;

#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, connections_open, connections_close)

int connections_start(void **state);
int connections_stop(void **state);
int connections_open(void **state);
int connections_close(void **state);

/* Put a board of another capacity in this one's place. */
void connections_replace_board(void);

/* ---- Without one -------------------------------------------------------- */

/* The board of this test alone. */
extern struct linked_board linked;

struct connections_needs {
	uint32_t capacity, timeout_ms; /* of the calls */
};

#define CONNECTED_ALONE(test, capacity, timeout_ms)                                                \
	cmocka_unit_test_prestate_setup_teardown(                                                  \
		test, connections_open_alone, connections_close_alone,                             \
		&((struct connections_needs){ capacity, timeout_ms }))

int connections_open_alone(void **state);
int connections_close_alone(void **state);

/* ---- What tests do with them -------------------------------------------- */

/* Of the writer, and nobody's. */
struct trackd_ref connections_create(const char *id);
/* What the reader sees. */
struct trackd_task connections_task(struct trackd_ref ref);
struct trackd_view connections_view(struct trackd_ref ref);

/* Whether it is on another board than the one with this id. It looks, which is a call. */
bool connections_moved(struct trackd *trackd, const uint8_t board[16]);

/* A gate at which a forked child waits until its parent opens it; a child that cannot exits. */
void connections_open_gate(void);
void connections_pass_gate(void);

#endif
