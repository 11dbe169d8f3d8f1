/* SPDX-License-Identifier: MIT */
/*
 * A clock that stands still, so that an operation takes the same path and leaves the same bytes in
 * every run. It replaces the C library's clock_gettime() in this program.
 */
#ifndef TESTS_FAKE_CLOCK_H
#define TESTS_FAKE_CLOCK_H

#include <stdint.h>

/* Set all clocks that count from boot to ns, and the wall clock to the start of 2026 plus ns. */
void fake_clock_set(uint64_t ns);
uint64_t fake_clock(void);

#endif
