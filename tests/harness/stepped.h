/* SPDX-License-Identifier: MIT */
/*
 * What another process does to the board in the middle of a call that takes no lock: at each of its
 * instructions in turn, in one thread, so that every run is the same.
 *
 *	for (unsigned n = 1; stepped_run(look, change, &scene, n); n++)
 *		assert_true(scene.found);
 *
 * Orders of memory are not tried: that is for the tests of tests/stress.
 */
#ifndef TESTS_STEPPED_H
#define TESTS_STEPPED_H

#include <stdbool.h>

/* Whether this processor can do it. */
bool stepped_possible(void);

/* Run body(data), and interfere(data) in front of its n-th instruction. False: body came to its end
 * before that, and nothing has interfered. Body takes no lock that interfere needs. */
bool stepped_run(void (*body)(void *), void (*interfere)(void *), void *data, unsigned n);

/* Run body(data) once, and look(data) in front of each of its instructions: for who only looks. How
 * often it looked. */
unsigned stepped_watch(void (*body)(void *), void (*look)(void *), void *data);

#endif
