/* SPDX-License-Identifier: MIT */
/* Offsets are stored only if they differ by more than a bound: two clocks cannot be read at the
 * same time, and a needless store would invalidate a cache line that every reader uses. */
#include "libclient/segment/offsets.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"

struct slack {
	int64_t wall, suspend;
};

/* A client's bounds are wider, so that it does not interfere with a daemon. */
static const struct slack daemons = { 100000, NS_PER_MS };
static const struct slack clients = { 5 * NS_PER_MS, 5 * NS_PER_MS };

/* Unsigned arithmetic, because the header may hold any value. */
static bool is_near(int64_t a, int64_t b, int64_t slack)
{
	return (uint64_t)a - (uint64_t)b + (uint64_t)slack <= 2 * (uint64_t)slack;
}

struct offsets {
	int64_t wall, suspend;
};

static struct offsets measure(void)
{
	return (struct offsets){ clock_wall_offset_ns(), clock_suspend_offset_ns() };
}

static bool are_right(const struct layout_header *header, const struct offsets *offsets)
{
	return is_near(offsets->wall, load_relaxed(&header->wall_offset_ns), clients.wall) &&
	       is_near(offsets->suspend, load_relaxed(&header->suspend_offset_ns), clients.suspend);
}

static void put_right(struct layout_header *header, const struct offsets *offsets,
		      const struct slack *slack)
{
	if (!is_near(offsets->wall, load_relaxed(&header->wall_offset_ns), slack->wall))
		store_relaxed(&header->wall_offset_ns, offsets->wall);
	if (!is_near(offsets->suspend, load_relaxed(&header->suspend_offset_ns), slack->suspend))
		store_relaxed(&header->suspend_offset_ns, offsets->suspend);
}

/* The offset to use after one was found stale: this process's own, until the header's value
 * changes. */
static uint64_t present(const int64_t *stale, const int64_t *own, const int64_t *in_header)
{
	int64_t offset = load_relaxed(in_header);

	/* Pairs with the release in keep_one(). */
	return (uint64_t)(offset == load_acquire(stale) ? load_relaxed(own) : offset);
}

uint64_t board_time_otherwise(const struct board *board, uint64_t coarse)
{
	const struct layout_header *header = board->header;

	if (load_acquire(&board->clock) == BOARD_CLOCK_STALE)
		return coarse + present(&board->suspend_offset.stale, &board->suspend_offset.own,
					&header->suspend_offset_ns);
	return (uint64_t)clock_wall_ns() - (uint64_t)load_relaxed(&header->wall_offset_ns);
}

uint64_t board_wall_offset_otherwise(const struct board *board)
{
	const struct layout_header *header = board->header;

	if (load_acquire(&board->clock) == BOARD_CLOCK_STALE)
		return present(&board->wall_offset.stale, &board->wall_offset.own,
			       &header->wall_offset_ns);
	return (uint64_t)load_relaxed(&header->wall_offset_ns);
}

void offsets_refresh(struct board *board)
{
	struct offsets offsets = measure();

	put_right(board->header, &offsets, &daemons);
}

/* Whether this process is known to be in the board's time namespace. It may have joined another
 * one, or may not be able to read /proc. */
static bool clocks_are_the_boards(const struct board *board)
{
	uint64_t pid_ns, time_ns;

	return segment_namespaces(&pid_ns, &time_ns) == 0 && time_ns == board->header->time_ns;
}

/* Store `own` first, so that present() sees it together with the stale value that it replaces. */
static void keep_one(int64_t *stale, int64_t *own, int64_t in_header, int64_t measured)
{
	store_relaxed(own, measured);
	store_release(stale, in_header);
}

/* Change between the two states of this file; namespace.c may enter and leave the third at any
 * time. */
static void change(struct board *board, uint32_t from, uint32_t to)
{
	if (load_relaxed(&board->clock) == from)
		(void)cas_acq_rel(&board->clock, &from, to);
}

/* Keep the offsets for this process only, until a process that may write has corrected the
 * header. */
static void keep(struct board *board, const struct offsets *offsets)
{
	const struct layout_header *header = board->header;

	keep_one(&board->wall_offset.stale, &board->wall_offset.own,
		 load_relaxed(&header->wall_offset_ns), offsets->wall);
	keep_one(&board->suspend_offset.stale, &board->suspend_offset.own,
		 load_relaxed(&header->suspend_offset_ns), offsets->suspend);
	/* Pairs with the acquires in board_time_otherwise() and board_wall_offset_otherwise(). */
	change(board, BOARD_CLOCK_HEADER, BOARD_CLOCK_STALE);
}

void offsets_check(struct board *board)
{
	struct offsets offsets;

	if (load_relaxed(&board->clock) == BOARD_CLOCK_FOREIGN)
		return;
	offsets = measure();
	if (are_right(board->header, &offsets)) {
		change(board, BOARD_CLOCK_STALE, BOARD_CLOCK_HEADER);
	} else if (clocks_are_the_boards(board)) {
		if (board->writable)
			put_right(board->header, &offsets, &clients);
		else
			keep(board, &offsets);
	}
}
