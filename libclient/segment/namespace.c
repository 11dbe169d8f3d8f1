/* SPDX-License-Identifier: MIT */
/* Comparing the namespaces of this process with those of a board, by two calls of stat(). */
#include "libclient/segment/namespace.h"
#include "libclient/segment/atomic.h"

/* Store only a changed value, because other threads may be reading. */
static void set(bool *flag, bool value)
{
	if (load_relaxed(flag) != value)
		store_relaxed(flag, value);
}

/* Enter or leave BOARD_CLOCK_FOREIGN only; offsets.c decides between the other two states. */
static void set_clock(struct board *board, bool foreign)
{
	uint32_t was = BOARD_CLOCK_FOREIGN;

	if ((load_relaxed(&board->clock) == BOARD_CLOCK_FOREIGN) == foreign)
		return;
	if (foreign)
		store_relaxed(&board->clock, (uint32_t)BOARD_CLOCK_FOREIGN);
	else
		(void)cas_acq_rel(&board->clock, &was, BOARD_CLOCK_HEADER);
}

static bool compare(struct board *board)
{
	uint64_t pid_ns, time_ns;

	if (segment_namespaces(&pid_ns, &time_ns) < 0)
		return false;
	set(&board->foreign_pids, pid_ns != board->header->pid_ns);
	set_clock(board, time_ns != board->header->time_ns);
	return true;
}

void namespace_compare(struct board *board)
{
	if (compare(board))
		return;
	set(&board->foreign_pids, true);
	set_clock(board, false);
}

bool namespace_look(struct board *board)
{
	(void)compare(board);
	return namespace_foreign(board);
}

int namespace_leapt(struct board *board)
{
	if (!namespace_look(board))
		return 0;
	clock_boot_last = 0;
	return TRACKD_E_NAMESPACE;
}
