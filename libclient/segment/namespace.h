/* SPDX-License-Identifier: MIT */
/*
 * The pid and time namespaces of this process against those of a board. Robust mutexes name their
 * owner by thread id and deadlines are of one clock, so who writes must share both.
 *
 * unshare() and setns() into a pid namespace, and unshare() into a time namespace, concern children
 * alone: fork.c notices those. setns() into a time namespace moves the caller's own clocks, between
 * one instruction and the next: they run backwards or leap.
 */
#ifndef TRACKD_SEGMENT_NAMESPACE_H
#define TRACKD_SEGMENT_NAMESPACE_H

#include "libclient/segment/segment.h"

/* A clock that runs on without us does so by less than this between two readings, or it is worth a
 * look: NAMESPACE_LEAP_NS forward, or anything backwards. */
static const uint64_t NAMESPACE_LEAP_NS = NS_PER_S;

/* Set board's foreign_pids, and whether its clock is BOARD_CLOCK_FOREIGN. A process that cannot tell its namespaces counts as
 * foreign. */
void namespace_compare(struct board *board);

/* The same for a process that goes on: if it can no longer tell (/proc is out of its reach), both
 * stay what they were. Returns namespace_foreign(). */
bool namespace_look(struct board *board);

static inline bool namespace_foreign(const struct board *board)
{
	return load_relaxed(&board->foreign_pids) ||
	       load_relaxed(&board->clock) == BOARD_CLOCK_FOREIGN;
}

/* The slow half of namespace_now(). On TRACKD_E_NAMESPACE this thread's next reading is looked at
 * again. */
int namespace_leapt(struct board *board);

/* The board's time, exactly, for who writes. TRACKD_E_NAMESPACE: the clock has leapt, and it is
 * another namespace's now. */
static inline __attribute__((always_inline)) int namespace_now(struct board *board,
							       uint64_t *ret_now)
{
	uint64_t before = clock_boot_last;
	uint64_t now = clock_boot_ns();

	*ret_now = now;
	return __builtin_expect(now - before >= NAMESPACE_LEAP_NS, 0) ? namespace_leapt(board) : 0;
}

#endif
