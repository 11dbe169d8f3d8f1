/* SPDX-License-Identifier: MIT */
/*
 * From a board that has been given up to the one in its place. A board is given up in this order
 * (daemon/board/replacement.c): `closed` is set, the new board gets the name, `retired` is set. So a board
 * that is retired with LAYOUT_REPLACED has a successor already, one with LAYOUT_REMOVED gets none; while it
 * is only closed its daemon may still open it again.
 *
 * The successor is opened by name. Where that leads nowhere (a private /dev/shm, another mode, the
 * name is gone) the daemon is asked for its descriptor.
 */
#include "libclient/client/client.h"
#include "libclient/record/event.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/offsets.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a closed board is looked at while its successor is waited for. */
static const uint64_t NAP_NS = 2 * NS_PER_MS;

static bool is_unlinked(const struct board *board)
{
	struct stat st;

	return fstat(board->fd, &st) == 0 && st.st_nlink == 0;
}

static bool is_left(const struct board *board)
{
	return board_retired(board) || is_unlinked(board);
}

/* ---- Finding the successor ------------------------------------------------ */

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* What was found is the present board. */
enum { PRESENT = -EALREADY };

/* Map what fd leads to, or PRESENT. Takes fd over, whatever happens. */
static int take(struct trackd *trackd, int fd, const struct mapping *present,
		struct mapping **ret_mapping)
{
	if (same_file(fd, present->board.fd)) {
		close(fd);
		return PRESENT;
	}
	return attach_map(trackd, fd, ret_mapping);
}

static int take_by_name(struct trackd *trackd, const struct mapping *present,
			struct mapping **ret_mapping)
{
	int fd = attach_open_by_name(trackd);

	return fd < 0 ? fd : take(trackd, fd, present, ret_mapping);
}

static int take_from_daemon(struct trackd *trackd, const struct mapping *present,
			    struct mapping **ret_mapping)
{
	int fd, socket;
	int error = link_receive_board(trackd, &fd, &socket);

	if (error < 0)
		return error;
	close(socket);
	return take(trackd, fd, present, ret_mapping);
}

/* Whether its daemon knows that the board has lost its name, and is about to put another in its place.
 * It may be too busy with that to answer. */
static bool is_being_renewed(const struct board *board)
{
	return board_coarse_ns(board) < load_relaxed(&board->header->nameless_until_ns);
}

static bool is_served_nameless(const struct board *board)
{
	return is_being_renewed(board) && !board_closed(board) && !board_retired(board);
}

/* TRACKD_E_NO_BOARD: neither the name nor a daemon leads to a board; PRESENT: only to the present one;
 * -EAGAIN: the daemon did not get to it. */
static int find_successor(struct trackd *trackd, const struct mapping *present,
			  struct mapping **ret_mapping)
{
	int error;
	bool left;

	/* What the name led to before the board lost it says nothing of what it leads to now. */
	do {
		left = is_left(&present->board);
		error = take_by_name(trackd, present, ret_mapping);
		/* The daemon of a board that is only closed is at work on the next one. */
		if (error == 0 || (error == PRESENT && !is_left(&present->board)))
			return error;
	} while (error == PRESENT && !left);
	if (is_served_nameless(&present->board))
		return PRESENT;
	if (!(trackd->flags & TRACKD_OPEN_NO_DAEMON)) {
		int asked = take_from_daemon(trackd, present, ret_mapping);
		/* It is there, and busy: perhaps with just this. */
		if (asked == -ETIMEDOUT)
			asked = -EAGAIN;
		if (!attach_means_no_daemon(asked) || asked == -EAGAIN)
			return asked;
		if (is_served_nameless(&present->board))
			return PRESENT;
	}
	return error == -ENOENT || error == -ENOTDIR || error == PRESENT ? TRACKD_E_NO_BOARD
									 : error;
}

/* With the turn. 0: the connection has moved, or need not: the board has no name, and its daemon says
 * that it serves it all the same. */
static int move(struct trackd *trackd, struct mapping *present)
{
	struct mapping *mapping;
	int error = find_successor(trackd, present, &mapping);

	if (error == PRESENT && !board_closed(&present->board) && !board_retired(&present->board))
		return 0;
	if (error < 0)
		return error;
	attach_use(trackd, mapping);
	/* A reader holds no lock in what it leaves, so its memory can be let go; views of it read
	 * zeros from now on and are not valid. */
	if (!present->board.writable)
		segment_vacate(&present->board);
	link_introduce(trackd, mapping);
	return 0;
}

/* ---- For readers ----------------------------------------------------------- */

/* With the turn. */
static void leave(struct trackd *trackd, struct mapping *mapping)
{
	if (is_left(&mapping->board) && move(trackd, mapping) < 0)
		/* No call of a writer may find this board ready. */
		store_relaxed(&trackd->epoch,
			      load_relaxed(&mapping->board.header->daemon_epoch) - 1);
}

void follow_look(struct trackd *trackd, uint64_t now)
{
	fork_settle(trackd);
	if (!turn_try(trackd)) /* another thread is at it */
		return;
	struct mapping *mapping = load_acquire(&trackd->mapping);

	/* Pairs with the acquire in looked_lately(). */
	store_release(&trackd->next_look, now + LOOK_NS);
	fork_look(trackd, mapping);
	offsets_check(&mapping->board);
	leave(trackd, mapping);
	turn_drop(trackd);
}

bool follow_again(struct trackd *trackd, const struct board **board)
{
	const struct board *before = *board;

	fork_settle(trackd);
	turn_take(trackd);
	struct mapping *mapping = load_acquire(&trackd->mapping);

	/* A daemon may have died before it retired the board that it had replaced. */
	if (&mapping->board == before)
		leave(trackd, mapping);
	*board = &load_acquire(&trackd->mapping)->board;
	turn_drop(trackd);
	return *board != before;
}

const struct board *follow_reader(struct trackd *trackd, uint64_t now)
{
	const struct board *board;

	if (!looked_lately(trackd, now))
		follow_look(trackd, now);
	/* The board that we come to may have been left by then as well. */
	do
		board = &load_acquire(&trackd->mapping)->board;
	while (board_closed(board) != LAYOUT_OPEN && follow_again(trackd, &board));
	return board;
}

bool follow_failed(struct trackd *trackd, const struct board **board, int *answer)
{
	if (attach_reader_again(trackd, board))
		return true;
	if (!board_retired(*board))
		return false;
	/* Retired since we looked, or long ago, and then there is no other. */
	if (follow_again(trackd, board))
		return true;
	*answer = TRACKD_E_NO_BOARD;
	return false;
}

/* ---- For writers ----------------------------------------------------------- */

/* Whether a successor that is not there yet is still to come. */
static bool is_coming(const struct board *board, int error)
{
	uint32_t retired = load_relaxed(&board->header->retired);

	if (error == TRACKD_E_NO_BOARD)
		return retired == LAYOUT_REPLACED ||
		       (retired == LAYOUT_SERVED &&
			(!is_unlinked(board) || is_being_renewed(board)));
	return (error == -EAGAIN || error == PRESENT) && retired != LAYOUT_REMOVED;
}

/* One try. 0: there is a board to write to; -EAGAIN: not yet. */
static int follow_once(struct trackd *trackd, struct mapping *mapping)
{
	int error = 0;

	turn_take(trackd);
	if (load_relaxed(&trackd->mapping) == mapping &&
	    (board_closed(&mapping->board) || is_left(&mapping->board))) {
		error = move(trackd, mapping);
		if (error < 0 && is_coming(&mapping->board, error))
			error = -EAGAIN;
	}
	turn_drop(trackd);
	return error;
}

int follow_wait(struct trackd *trackd, struct mapping *mapping, uint64_t deadline)
{
	for (;;) {
		uint32_t tick = event_tick(&mapping->board);
		int error = follow_once(trackd, mapping);

		if (error != -EAGAIN)
			return error;
		if (clock_monotonic_ns() >= deadline)
			return TRACKD_E_MOVING;
		(void)event_sleep(&mapping->board, tick, NAP_NS);
	}
}
