/* SPDX-License-Identifier: MIT */
/*
 * Interrupting a call that takes no lock: at each of its instructions in turn, another function
 * changes the board, in the same thread, so every run is the same.
 *
 *	for (unsigned n = 1; stepped_run(look, change, &scene, n); n++)
 *		assert_true(scene.found);
 *
 * This does not test memory orders; tests/stress does.
 */
#ifndef TESTS_STEPPED_H
#define TESTS_STEPPED_H

#include <stdbool.h>

/* Whether this processor supports it. */
bool stepped_possible(void);

/* Run body(data), and interfere(data) before its n-th instruction. False: body ended before that,
 * and interfere was not called. Body must not take a lock that interfere needs. */
bool stepped_run(void (*body)(void *), void (*interfere)(void *), void *data, unsigned n);

/* Run body(data) once, and look(data), which changes nothing, before each of its instructions.
 * Returns the number of calls of look. */
unsigned stepped_watch(void (*body)(void *), void (*look)(void *), void *data);

#endif
