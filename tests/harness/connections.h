/* SPDX-License-Identifier: MIT */
/*
 * A daemon that all tests of a program share, and for each test two connections to its board, which
 * has no tasks:
 *
 *	static const struct CMUnitTest tests[] = {
 *		CONNECTED(a_timeout_is_kept),
 *	};
 *
 *	SUITE_WITH(tests, connections_start, connections_stop)
 *
 * A test may kill the daemon; it is started again for the next test. A test without a daemon has
 * its own board, opened by name:
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

/* ---- With a daemon ------------------------------------------------------ */

extern struct private_daemon shared_daemon;

#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, connections_open, connections_close)

int connections_start(void **state);
int connections_stop(void **state);
int connections_open(void **state);
int connections_close(void **state);

/* Replace the board by one with another capacity. */
void connections_replace_board(void);

/* ---- Without a daemon --------------------------------------------------- */

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

/* ---- Calls -------------------------------------------------------------- */

/* The writer creates a task without an owner. */
struct trackd_ref connections_create(const char *id);
/* A copy and a view by the reader. */
struct trackd_task connections_task(struct trackd_ref ref);
struct trackd_view connections_view(struct trackd_ref ref);

/* Whether the connection has switched from the board with this id. Makes a call, which checks the
 * board. */
bool connections_moved(struct trackd *trackd, const uint8_t board[16]);

/* A gate at which a forked child waits until its parent opens it; on an error the child exits. */
void connections_open_gate(void);
void connections_pass_gate(void);

#endif
