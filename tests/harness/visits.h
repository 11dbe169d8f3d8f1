/* SPDX-License-Identifier: MIT */
/*
 * Which pages this process visits. A watched page may not be touched: the first load or store there
 * faults, is counted, and opens the page. So the count is exact, whatever other processes, the
 * kernel's reclaim or a busy machine do meanwhile. Prefetches do not count.
 *
 *	visits_watch(&board.bodies[64], 32 * sizeof board.bodies[0]);
 *	...
 *	assert_int_equal(visits_count(), 0);
 *	visits_end();
 *
 * A thread that blocks SIGSEGV dies at its first visit, and the test with it. A system call that is
 * given a watched address fails with EFAULT.
 */
#ifndef TESTS_VISITS_H
#define TESTS_VISITS_H

#include <stddef.h>

/* Watch the pages that lie in this range as a whole; of one more range while others are watched. */
void visits_watch(void *begin, size_t size);
/* Pages visited since the first of visits_watch(). */
unsigned visits_count(void);
/* The address of the first visit; NULL: there was none. */
const void *visits_first(void);
/* Open all pages, and forget. */
void visits_end(void);

#endif
