/* SPDX-License-Identifier: MIT */
/*
 * A daemon that all tests of a program share, and for each test two connections to its board, on
 * which no task is:
 *
 *	const struct CMUnitTest tests[] = {
 *		CONNECTED(a_timeout_is_kept),
 *	};
 *
 *	return connections_run(tests);
 *
 * A test may kill the daemon: it is started again for the next.
 */
#ifndef TESTS_CONNECTIONS_H
#define TESTS_CONNECTIONS_H

#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"

extern struct private_daemon shared_daemon;
extern struct trackd *writer, *reader;

#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, connections_open, connections_close)
#define connections_run(tests) suite_run_with(tests, connections_start, connections_stop)

int connections_start(void **state);
int connections_stop(void **state);
int connections_open(void **state);
int connections_close(void **state);

/* Of the writer, and nobody's. */
struct trackd_ref connections_create(const char *id);
/* What the reader sees. */
struct trackd_task connections_task(struct trackd_ref ref);
struct trackd_view connections_view(struct trackd_ref ref);

/* Put a board of another capacity in this one's place. */
void connections_replace_board(void);
/* Whether it is on another board than the one with this id. It looks, which is a call. */
bool connections_moved(struct trackd *trackd, const uint8_t board[16]);

/* A gate at which a forked child waits until its parent opens it; a child that cannot exits. */
void connections_open_gate(void);
void connections_pass_gate(void);

#endif
