/* SPDX-License-Identifier: MIT */
/*
 * Comparing the pid and time namespaces of this process with those of a board. A writer must share
 * both, because robust mutexes identify their holder by thread id and deadlines use one clock.
 *
 * unshare() and setns() into a pid namespace, and unshare() into a time namespace, affect only
 * children, which fork.c checks. setns() into a time namespace changes the caller's own clocks
 * between two instructions: they jump backwards or forwards.
 */
#ifndef TRACKD_SEGMENT_NAMESPACE_H
#define TRACKD_SEGMENT_NAMESPACE_H

#include "libclient/segment/segment.h"

/* If the clock goes forward by this much or backwards between two readings, compare the
 * namespaces. */
static const uint64_t NAMESPACE_LEAP_NS = NS_PER_S;

/* Set the board's foreign_pids, and whether its clock is BOARD_CLOCK_FOREIGN. A process that cannot
 * read its namespaces counts as foreign. */
void namespace_compare(struct board *board);

/* The same for an attached process: if it can no longer read its namespaces (/proc is not
 * accessible), both are unchanged. Returns namespace_foreign(). */
bool namespace_look(struct board *board);

static inline bool namespace_foreign(const struct board *board)
{
	return load_relaxed(&board->foreign_pids) ||
	       load_relaxed(&board->clock) == BOARD_CLOCK_FOREIGN;
}

/* The slow path of namespace_now(). After TRACKD_E_NAMESPACE, this thread's next reading is checked
 * again. */
int namespace_leapt(struct board *board);

/* The exact time on the board's clock, for writers. TRACKD_E_NAMESPACE: the clock jumped, and the
 * process is in another namespace now. */
static inline __attribute__((always_inline)) int namespace_now(struct board *board,
							       uint64_t *ret_now)
{
	uint64_t before = clock_boot_last;
	uint64_t now = clock_boot_ns();

	*ret_now = now;
	return __builtin_expect(now - before >= NAMESPACE_LEAP_NS, 0) ? namespace_leapt(board) : 0;
}

#endif
