/* SPDX-License-Identifier: MIT */
/*
 * Results in TAP, for test programs that are not a list of cmocka functions.
 *
 *	tap_ok(n == 3, "three tasks (saw %d)", n);
 *	return tap_done();
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>

/* One point. Returns ok. */
bool tap_ok(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *name, const char *reason);
/* Instead of all points; the program's exit status. */
int tap_skip_all(const char *reason);
/* A "# " line. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Print the plan; the program's exit status. */
int tap_done(void);

#endif
