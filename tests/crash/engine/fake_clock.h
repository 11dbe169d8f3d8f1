/* SPDX-License-Identifier: MIT */
/*
 * A clock that stands still, so that an operation takes the same path and leaves the same bytes
 * each time it is run. It takes the place of the C library's clock_gettime() in this program.
 */
#ifndef TESTS_FAKE_CLOCK_H
#define TESTS_FAKE_CLOCK_H

#include <stdint.h>

/* From now on all clocks that count from boot say ns, and the wall clock says ns later than 2026.
 */
void fake_clock_set(uint64_t ns);
uint64_t fake_clock(void);

#endif
