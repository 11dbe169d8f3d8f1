/* SPDX-License-Identifier: MIT */
/*
 * A connection: what a struct trackd is made of. attach.c makes mappings, link.c speaks to the
 * daemon, trackd.c is the public calls.
 *
 * A mapping keeps its addresses until the connection is closed, so a view stays safe to read when
 * the connection has moved to a newer board. Calls take the present mapping once and use it
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
	uint64_t worker; /* our entry in its client table; 0: none */
	struct mapping *older;
};

/* What is wiped in a forked child takes whole pages, of the largest size that Linux has. No memory
 * stands behind those that are not touched. */
enum { CONNECTION_OWN = 65536 };

enum fork_mark {
	MARK_CHILD = 0,    /* wiped: forked since, and no call made */
	MARK_SETTLED = 1,  /* may read; has to attach before it writes */
	MARK_ATTACHED = 2, /* may write, as itself */
};

struct trackd {
	/* This process's own: all zero in a forked child (fork.c). */
	union {
		struct {
			uint64_t next_look; /* when to look again whether the board is still ours:
					       CLOCK_BOOTTIME, roughly (atomic) */
			uint32_t mark;      /* enum fork_mark (atomic) */
			uint32_t epoch;     /* daemon epoch that knows us (atomic) */
			bool refused;       /* counted among the header's attach_refused */
			union local_lock turn; /* see turn_take() */
			union local_lock lock; /* guards the descriptors and subscribed */
		};
		uint8_t own[CONNECTION_OWN];
	};
	/* Kept over a fork. */
	struct mapping *mapping; /* the present one (atomic) */
	unsigned flags;          /* enum trackd_open_flags */
	uint64_t timeout_ns;
	pid_t worker_pid;         /* 0: this process */
	int socket, epoll, timer; /* -1: none; the parent's until the child has settled */
	bool subscribed;
	struct board_address address;
};

/* ---- fork.c -------------------------------------------------------------- */

/* A connection's memory, no descriptor open. -ENOMEM; -EINVAL (Linux before 4.14). */
int connection_new(struct trackd **ret_trackd);
void connection_free(struct trackd *trackd);

/* The thread that has the turn may change the mapping, the mark and who we are. turn_try() does not
 * wait. The turn is taken before `lock`. */
void turn_take(struct trackd *trackd);
bool turn_try(struct trackd *trackd);
void turn_drop(struct trackd *trackd);

/* First of all in every call that uses what is this process's own, but for the fast paths below: a
 * wiped page sends those here. Without the turn. */
void fork_settle(struct trackd *trackd);

/* Attach a forked child, or who has been in another namespace, as itself. Without the turn.
 * TRACKD_E_NAMESPACE, or what worker_claim() fails with. */
int fork_attach(struct trackd *trackd);

/* Look whether this process has gone to another time namespace; then it has to attach before it
 * writes. With the turn. */
void fork_look(struct trackd *trackd, struct mapping *mapping);

/* Count a refusal once: TRACKD_E_NAMESPACE. */
int refuse_namespace(struct trackd *trackd, struct board *board);

/* A writer's entry in the client table, if it is to have one. */
int claim_worker(const struct trackd *trackd, struct board *board, uint64_t *ret_worker);

/* ---- attach.c ------------------------------------------------------------ */

/* Make the first mapping. Everything that trackd_open() can fail with. */
int attach_open(struct trackd *trackd);

/* The slow half of attach_writer(). */
int attach_again(struct trackd *trackd, struct mapping **ret_mapping);

/* A descriptor of the board's file by its name, or what segment_open() answers. */
int attach_open_by_name(const struct trackd *trackd);
/* Whether an error of link_receive_board() leaves the board to be opened by name. */
bool attach_means_no_daemon(int error);
/* Map a board, and enter it as a client if the connection has attached. Takes fd over, whatever
 * happens. */
int attach_map(const struct trackd *trackd, int fd, struct mapping **ret_mapping);
/* Make it the present mapping. With the turn. */
void attach_use(struct trackd *trackd, struct mapping *mapping);

/* ---- follow.c ------------------------------------------------------------ */

/* How often a call looks whether the board has been unlinked and its header gives the time, at
 * most. */
static const uint64_t LOOK_NS = NS_PER_S;

/* Whether a thread has looked lately. Not so in a forked child, where next_look is zero, and after
 * a clock has run backwards by more than LOOK_NS; readings of two threads are apart by less. Pairs
 * with the release in follow_look(): what the look found is seen. */
static inline bool looked_lately(const struct trackd *trackd, uint64_t now)
{
	return __builtin_expect(load_acquire(&trackd->next_look) - now <= 2 * LOOK_NS, 1);
}

/* Look whether the board has been retired or unlinked and move to the one in its place, if it is
 * there. now: board time. */
void follow_look(struct trackd *trackd, uint64_t now);

/* The slow half of attach_reader(): look if it is time, leave a board that has been left. */
const struct board *follow_reader(struct trackd *trackd, uint64_t now);

/* After a reading call on *board whose answer cannot be trusted if the board has been left since:
 * true if the connection is on another board; *board then is that one, and the call is made again. */
bool follow_again(struct trackd *trackd, const struct board **board);

/* Wait until there is a board to write to: mapping's, if it is not closed, or another. deadline:
 * CLOCK_MONOTONIC. TRACKD_E_MOVING: closed until the deadline; TRACKD_E_NO_BOARD: it was given up
 * and no other is to be had; or what attaching to the other one fails with. */
int follow_wait(struct trackd *trackd, struct mapping *mapping, uint64_t deadline);

/* ---- Taking the board, on every call -------------------------------------- */

/* The board to read from; coarse is a reading of clock_coarse_ns(). Once a second it is looked at
 * whether the board has been unlinked and its header gives the time; that it has been retired shows
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

/* follow_again(), for the usual case that the board is neither closed nor left. */
static inline bool attach_reader_again(struct trackd *trackd, const struct board **board)
{
	if (__builtin_expect(board_closed(*board) == LAYOUT_OPEN &&
				     &load_acquire(&trackd->mapping)->board == *board,
			     1))
		return false;
	return follow_again(trackd, board);
}

/* A reading call on *board found nothing. True: *board is another one by now, ask that. False: the
 * answer stands, or is TRACKD_E_NO_BOARD. */
bool follow_failed(struct trackd *trackd, const struct board **board, int *answer);

/* The mapping to write to, or NULL: there is something to do first, see attach_again(). What a
 * writer must notice shows in two words: a forked child's mark is wiped, and a daemon that takes a
 * board over or retires it raises the epoch. Reads no clock: who has written looks with
 * attach_look() afterwards. */
static inline struct mapping *attach_ready(struct trackd *trackd)
{
	struct mapping *mapping = load_acquire(&trackd->mapping);
	bool ready =
		/* Pairs with the release in fork_noticed(): with the mark comes the worker. */
		load_acquire(&trackd->mark) == MARK_ATTACHED &&
		load_relaxed(&mapping->board.header->daemon_epoch) == load_relaxed(&trackd->epoch);

	return __builtin_expect(ready, 1) ? mapping : NULL;
}

/* The mapping to write to. TRACKD_E_READ_ONLY, or what fork_attach() fails with. */
static inline int attach_writer(struct trackd *trackd, struct mapping **ret_mapping)
{
	struct mapping *mapping = attach_ready(trackd);

	if (__builtin_expect(mapping == NULL, 0))
		return attach_again(trackd, ret_mapping);
	*ret_mapping = mapping;
	return 0;
}

/* After a write: the look of attach_reader(), by the time that the write has read anyway. */
static inline void attach_look(struct trackd *trackd)
{
	if (!looked_lately(trackd, clock_boot_last))
		follow_look(trackd, clock_boot_last);
}

void attach_close(struct trackd *trackd);

/* ---- link.c -------------------------------------------------------------- */

/* Connect, say hello and receive the board. *ret_socket stays open for BIND and SUBSCRIBE. -ENOENT
 * and the like: no daemon. */
int link_receive_board(struct trackd *trackd, int *ret_fd, int *ret_socket);

/* Tell the daemon who we are; never blocks. For a new daemon, or after a fork. */
void link_introduce(struct trackd *trackd, const struct mapping *mapping);

/* Keep a socket that link_receive_board() opened, and say which entry is ours. */
void link_keep(struct trackd *trackd, int socket, const struct mapping *mapping);

int link_descriptor(struct trackd *trackd);
int link_dispatch(struct trackd *trackd);
void link_close(struct trackd *trackd);

/* In a forked child: close the copies of the parent's descriptors. Its epoll set is the parent's
 * too and stays as it is. */
void link_forget(struct trackd *trackd);

#endif
