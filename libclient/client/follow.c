/* SPDX-License-Identifier: MIT */
/*
 * Switching from a replaced board to its successor. The daemon replaces a board in this order
 * (daemon/board/replacement.c): it sets `closed`, gives the name to the new board, and sets
 * `retired`. So a board with LAYOUT_REPLACED already has a successor, and one with LAYOUT_REMOVED
 * gets none. The daemon may reopen a board that is only closed.
 *
 * A client opens the successor by name. If that fails (a private /dev/shm, another mode, the name
 * is gone), it asks the daemon for a descriptor.
 */
#include "libclient/client/client.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/offsets.h"
#include "libclient/signal/event.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often to check for the successor of a closed board. */
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

/* The board that was found is the current one. */
enum { PRESENT = -EALREADY };

/* Map the board of fd, or return PRESENT. Takes ownership of fd even on failure. */
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

/* Whether the daemon has noticed that the board lost its name and is about to replace it. It may be
 * too busy to answer. */
static bool is_being_renewed(const struct board *board)
{
	return board_coarse_ns(board) < load_relaxed(&board->header->nameless_until_ns);
}

static bool is_served_nameless(const struct board *board)
{
	return is_being_renewed(board) && !board_closed(board) && !board_retired(board);
}

/* TRACKD_E_NO_BOARD: neither the name nor a daemon leads to a board; PRESENT: they lead only to the
 * current one; -EAGAIN: the daemon is too busy to answer. */
static int find_successor(struct trackd *trackd, const struct mapping *present,
			  struct mapping **ret_mapping)
{
	int error;
	bool left;

	/* If the board lost its name after it was opened by name, the result is outdated: try
	 * again. */
	do {
		left = is_left(&present->board);
		error = take_by_name(trackd, present, ret_mapping);
		/* The name still leads to this board: the daemon has not linked the successor
		 * yet. */
		if (error == 0 || (error == PRESENT && !is_left(&present->board)))
			return error;
	} while (error == PRESENT && !left);
	if (is_served_nameless(&present->board))
		return PRESENT;
	if (!(trackd->flags & TRACKD_OPEN_NO_DAEMON)) {
		int asked = take_from_daemon(trackd, present, ret_mapping);
		/* The daemon is running but busy, possibly with the replacement. */
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

/* The caller holds the turn. 0: the connection has switched, or need not, because the daemon still
 * serves this board although it has lost its name. */
static int move(struct trackd *trackd, struct mapping *present)
{
	struct mapping *mapping;
	int error = find_successor(trackd, present, &mapping);

	if (error == PRESENT && !board_closed(&present->board) && !board_retired(&present->board))
		return 0;
	if (error < 0)
		return error;
	attach_use(trackd, mapping);
	/* A reader holds no lock in the old board, so its memory can be freed. Views of it now read
	 * zeros and are not valid. */
	if (!present->board.writable)
		segment_vacate(&present->board);
	link_introduce(trackd, mapping);
	return 0;
}

/* ---- For readers ----------------------------------------------------------- */

/* The caller holds the turn. */
static void leave(struct trackd *trackd, struct mapping *mapping)
{
	if (is_left(&mapping->board) && move(trackd, mapping) < 0)
		/* A wrong epoch sends writing calls to attach_again(). */
		store_relaxed(&trackd->epoch,
			      load_relaxed(&mapping->board.header->daemon_epoch) - 1);
}

void follow_look(struct trackd *trackd, uint64_t now)
{
	fork_settle(trackd);
	if (!turn_try(trackd)) /* another thread is checking */
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

	/* A daemon may have died after it linked the successor and before it retired this board. */
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
	/* The successor may have been replaced too. */
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
	/* Either it was retired just now, or earlier and without a successor. */
	if (follow_again(trackd, board))
		return true;
	*answer = TRACKD_E_NO_BOARD;
	return false;
}

/* ---- For writers ----------------------------------------------------------- */

/* Whether a successor that does not exist yet may still appear. */
static bool is_coming(const struct board *board, int error)
{
	uint32_t retired = load_relaxed(&board->header->retired);

	if (error == TRACKD_E_NO_BOARD)
		return retired == LAYOUT_REPLACED ||
		       (retired == LAYOUT_SERVED &&
			(!is_unlinked(board) || is_being_renewed(board)));
	return (error == -EAGAIN || error == PRESENT) && retired != LAYOUT_REMOVED;
}

/* One try to get a board to write to. 0: there is one; -EAGAIN: not yet. */
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
