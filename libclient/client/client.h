/* SPDX-License-Identifier: MIT */
/*
 * A connection: the definition of struct trackd. attach.c creates mappings, link.c communicates
 * with the daemon, trackd.c contains the public calls.
 *
 * A mapping keeps its addresses until the connection is closed, so a view stays safe to read after
 * the connection has switched to a newer board. A call loads the current mapping once and uses it
 * throughout.
 */
#ifndef TRACKD_CLIENT_CLIENT_H
#define TRACKD_CLIENT_CLIENT_H

#include "libclient/segment/board_address.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

struct mapping {
	struct board board;
	uint64_t worker; /* this process's entry in its client table; 0: none */
	struct mapping *older;
};

/* The part that the kernel wipes in a forked child takes whole pages, of the largest page size that
 * Linux supports. Pages that are not touched use no memory. */
enum { CONNECTION_OWN = 65536 };

enum fork_mark {
	MARK_CHILD = 0,    /* wiped: a forked child before its first call */
	MARK_SETTLED = 1,  /* may read; must attach before it writes */
	MARK_ATTACHED = 2, /* may write */
};

struct trackd {
	/* Private to this process: all zero in a forked child (fork.c). */
	union {
		struct {
			uint64_t next_look; /* next check of the board: CLOCK_BOOTTIME (atomic) */
			uint32_t mark;      /* enum fork_mark (atomic) */
			uint32_t epoch;     /* daemon epoch that knows this process (atomic) */
			bool refused;       /* counted among the header's attach_refused */
			union local_lock turn; /* see turn_take() */
			union local_lock lock; /* guards the descriptors and subscribed */
		};
		uint8_t own[CONNECTION_OWN];
	};
	/* Inherited by a forked child. */
	struct mapping *mapping; /* the current one (atomic) */
	unsigned flags;          /* enum trackd_open_flags */
	uint64_t timeout_ns;
	pid_t worker_pid;         /* 0: this process */
	int socket, epoll, timer; /* -1: none; the parent's until the child has settled */
	bool subscribed;
	struct board_address address;
};

/* ---- fork.c -------------------------------------------------------------- */

/* Allocate a connection with no open descriptor. -ENOMEM; -EINVAL (Linux before 4.14). */
int connection_new(struct trackd **ret_trackd);
void connection_free(struct trackd *trackd);

/* The turn is a lock: its holder may change the mapping, the mark and the worker. turn_try() does
 * not wait. Lock order: turn, then `lock`. */
void turn_take(struct trackd *trackd);
bool turn_try(struct trackd *trackd);
void turn_drop(struct trackd *trackd);

/* Called first by every call that uses the private part, except the fast paths below, which a wiped
 * page leads here. The caller does not hold the turn. */
void fork_settle(struct trackd *trackd);

/* Attach a forked child, or a process that has been in another namespace. The caller does not hold
 * the turn. TRACKD_E_NAMESPACE, or an error of worker_claim(). */
int fork_attach(struct trackd *trackd);

/* Check whether this process has changed namespaces; if so, it must attach before it writes. The
 * caller holds the turn. */
void fork_look(struct trackd *trackd, struct mapping *mapping);

/* Count one refusal per process. Returns TRACKD_E_NAMESPACE. */
int refuse_namespace(struct trackd *trackd, struct board *board);

/* Claim a writer's entry in the client table, unless TRACKD_OPEN_NO_WORKER is set. */
int claim_worker(const struct trackd *trackd, struct board *board, uint64_t *ret_worker);

/* ---- attach.c ------------------------------------------------------------ */

/* Create the first mapping. Errors: those of trackd_open(). */
int attach_open(struct trackd *trackd);

/* The slow half of attach_writer(). */
int attach_again(struct trackd *trackd, struct mapping **ret_mapping);

/* Open the board's file by name: a descriptor, or an error of segment_open(). */
int attach_open_by_name(const struct trackd *trackd);
/* Whether the board may be opened by name after this error of link_receive_board(). */
bool attach_means_no_daemon(int error);
/* Map a board, and claim a client entry if the connection has attached. Takes ownership of fd even
 * on failure. */
int attach_map(const struct trackd *trackd, int fd, struct mapping **ret_mapping);
/* Make it the current mapping. The caller holds the turn. */
void attach_use(struct trackd *trackd, struct mapping *mapping);

/* ---- follow.c ------------------------------------------------------------ */

/* How often, at most, a call checks whether the board has been unlinked and its clock offsets are
 * current. */
static const uint64_t LOOK_NS = NS_PER_S;

/* Whether a thread has checked within LOOK_NS. False in a forked child, where next_look is zero,
 * and after the clock has gone backwards by more than LOOK_NS (two threads' readings differ by
 * less). The acquire pairs with the release in follow_look(). */
static inline bool looked_lately(const struct trackd *trackd, uint64_t now)
{
	return __builtin_expect(load_acquire(&trackd->next_look) - now <= 2 * LOOK_NS, 1);
}

/* Check whether the board has been retired or unlinked, and switch to its successor if there is
 * one. now: board time. */
void follow_look(struct trackd *trackd, uint64_t now);

/* The slow path of attach_reader(): check if due, and switch boards if this one was retired. */
const struct board *follow_reader(struct trackd *trackd, uint64_t now);

/* Called after a read whose result is invalid if the connection has switched boards since. True:
 * *board is the new board; repeat the read. */
bool follow_again(struct trackd *trackd, const struct board **board);

/* Wait until there is a board to write to: mapping's if it is not closed, or its successor.
 * deadline: CLOCK_MONOTONIC. TRACKD_E_MOVING: closed until the deadline; TRACKD_E_NO_BOARD: removed
 * without a successor; or an error of attaching to the successor. */
int follow_wait(struct trackd *trackd, struct mapping *mapping, uint64_t deadline);

/* ---- Getting the board, on every call -------------------------------------- */

/* The board to read from; coarse is a reading of clock_coarse_ns(). Once a second this checks
 * whether the board has been unlinked and its clock offsets are current. A retired board is marked
 * in its header. */
static inline const struct board *attach_reader(struct trackd *trackd, uint64_t coarse)
{
	/* Pairs with the release in attach_use(), as below. */
	const struct board *board = &load_acquire(&trackd->mapping)->board;
	uint64_t now = coarse + (uint64_t)load_relaxed(&board->header->suspend_offset_ns);

	if (looked_lately(trackd, now) && __builtin_expect(!board_closed(board), 1))
		return board;
	return follow_reader(trackd, now);
}

/* follow_again(), with a fast path for a board that is neither closed nor retired. */
static inline bool attach_reader_again(struct trackd *trackd, const struct board **board)
{
	if (__builtin_expect(board_closed(*board) == LAYOUT_OPEN &&
				     &load_acquire(&trackd->mapping)->board == *board,
			     1))
		return false;
	return follow_again(trackd, board);
}

/* Called after a read on *board failed. True: the connection has switched; repeat the read on
 * *board. False: *answer is the result, possibly set to TRACKD_E_NO_BOARD. */
bool follow_failed(struct trackd *trackd, const struct board **board, int *answer);

/* The mapping to write to, or NULL if attach_again() must run first. A writer checks two words: a
 * forked child's mark is wiped, and a daemon that takes over, closes or retires a board increments
 * the epoch. Reads no clock: callers call attach_look() after the write. */
static inline struct mapping *attach_ready(struct trackd *trackd)
{
	struct mapping *mapping = load_acquire(&trackd->mapping);
	bool ready =
		/* Pairs with the release of the mark in fork.c, which orders the worker before
		 * it. */
		load_acquire(&trackd->mark) == MARK_ATTACHED &&
		load_relaxed(&mapping->board.header->daemon_epoch) == load_relaxed(&trackd->epoch);

	return __builtin_expect(ready, 1) ? mapping : NULL;
}

/* The mapping to write to. TRACKD_E_READ_ONLY, or an error of fork_attach() or follow_wait(). */
static inline int attach_writer(struct trackd *trackd, struct mapping **ret_mapping)
{
	struct mapping *mapping = attach_ready(trackd);

	if (__builtin_expect(mapping == NULL, 0))
		return attach_again(trackd, ret_mapping);
	*ret_mapping = mapping;
	return 0;
}

/* After a write: the check of attach_reader(), with the time that the write has read. */
static inline void attach_look(struct trackd *trackd)
{
	if (!looked_lately(trackd, clock_boot_last))
		follow_look(trackd, clock_boot_last);
}

void attach_close(struct trackd *trackd);

/* ---- produce.c ----------------------------------------------------------- */

struct record_end;

/* End a task, on the board that is there now. ref is a public one. Errors: those of
 * trackd_complete(), and -EAGAIN of record_end(). */
int produce_end(struct trackd *trackd, struct trackd_ref ref, const struct record_end *how);

/* ---- link.c -------------------------------------------------------------- */

/* Connect, send HELLO and receive the board. *ret_socket stays open for BIND and SUBSCRIBE.
 * attach_means_no_daemon() lists the errors that mean that no daemon answers. */
int link_receive_board(struct trackd *trackd, int *ret_fd, int *ret_socket);

/* Introduce this process to the daemon; never blocks. For a new daemon, or after a fork. */
void link_introduce(struct trackd *trackd, const struct mapping *mapping);

/* Keep a socket that link_receive_board() opened, and send this process's entry. */
void link_keep(struct trackd *trackd, int socket, const struct mapping *mapping);

int link_descriptor(struct trackd *trackd);
int link_dispatch(struct trackd *trackd);
void link_close(struct trackd *trackd);

/* In a forked child: close the copies of the parent's descriptors. The epoll set is shared with the
 * parent and is not changed. */
void link_forget(struct trackd *trackd);

#endif
