/* SPDX-License-Identifier: MIT */
/*
 * Counts the pages that this process visits. A watched page is protected: the first load or store
 * faults, is counted, and unprotects the page. So the count is exact, independent of other
 * processes, the kernel's reclaim and the machine's load. Prefetches do not count.
 *
 *	visits_watch(&board.bodies[64], 32 * sizeof board.bodies[0]);
 *	...
 *	assert_int_equal(visits_count(), 0);
 *	visits_end();
 *
 * A thread that blocks SIGSEGV kills the test at its first visit. A system call with a watched
 * address fails with EFAULT.
 */
#ifndef TESTS_VISITS_H
#define TESTS_VISITS_H

#include <stddef.h>

/* Watch the pages that lie completely in this range, in addition to ranges watched already. */
void visits_watch(void *begin, size_t size);
/* Pages visited since the first of visits_watch(). */
unsigned visits_count(void);
/* The address of the first visit; NULL: there was none. */
const void *visits_first(void);
/* Unprotect all pages and reset the count. */
void visits_end(void);

#endif
