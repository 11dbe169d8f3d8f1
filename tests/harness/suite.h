/* SPDX-License-Identifier: MIT */
/*
 * A program that is a table of tests for cmocka, each of which prints a point of TAP:
 *
 *	static const struct CMUnitTest tests[] = {
 *		OWN_BOARD(a_live_id_is_refused, 16),
 *		cmocka_unit_test(the_map_is_searched_word_by_word),
 *	};
 *
 *	SUITE(tests)
 *
 * OWN_BOARD() and similar macros are in the fixtures: own_board.h, connections.h, bare_daemon.h.
 * This header includes cmocka.h and the headers that it needs.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The program's main(); set_up() runs before the first test and tear_down() after the last. */
#define SUITE(tests) SUITE_WITH(tests, NULL, NULL)
#define SUITE_WITH(tests, set_up, tear_down)                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		return suite_run_with(tests, set_up, tear_down);                                   \
	}

/* For a main() of its own: run the tests and return the program's exit status. */
#define suite_run(tests) suite_run_with(tests, NULL, NULL)
#define suite_run_with(tests, set_up, tear_down)                                                   \
	(cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests(tests, set_up, tear_down))

#endif
