/* SPDX-License-Identifier: MIT */
/* Two clocks that are read one after the other never agree to the nanosecond, and stores below these
 * bounds would only dirty a line that every reader uses. */
#include "libclient/segment/offsets.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"

struct slack {
	int64_t wall, suspend;
};

/* A client's is the wider one, so that it keeps out of a daemon's way. */
static const struct slack daemons = { 100000, NS_PER_MS };
static const struct slack clients = { 5 * NS_PER_MS, 5 * NS_PER_MS };

/* In unsigned numbers, since the header may hold anything. */
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

/* What to go by when we have found an offset stale: ours, until the header holds another one. */
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

/* Our clocks are the board's, as far as we know. Asked only when they seem not to be: a process may
 * have joined another time namespace, or have no /proc to tell it. */
static bool clocks_are_the_boards(const struct board *board)
{
	uint64_t pid_ns, time_ns;

	return segment_namespaces(&pid_ns, &time_ns) == 0 && time_ns == board->header->time_ns;
}

/* Ours first, so that present() finds it together with the value that it replaces. */
static void keep_one(int64_t *stale, int64_t *own, int64_t in_header, int64_t measured)
{
	store_relaxed(own, measured);
	store_release(stale, in_header);
}

/* Between the two states that are this file's: namespace.c makes the third and ends it, at any time. */
static void change(struct board *board, uint32_t from, uint32_t to)
{
	if (load_relaxed(&board->clock) == from)
		(void)cas_acq_rel(&board->clock, &from, to);
}

/* For this process alone, until a process that may write has corrected the header. */
static void keep(struct board *board, const struct offsets *offsets)
{
	const struct layout_header *header = board->header;

	keep_one(&board->wall_offset.stale, &board->wall_offset.own,
		 load_relaxed(&header->wall_offset_ns), offsets->wall);
	keep_one(&board->suspend_offset.stale, &board->suspend_offset.own,
		 load_relaxed(&header->suspend_offset_ns), offsets->suspend);
	/* Pairs with the acquire in board_time_otherwise() and the next. */
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
