/* SPDX-License-Identifier: MIT */
/*
 * A board of layout 2 whose tasks move to a board of this layout. Its producers may still run: it is
 * closed and retired by the protocol of layout 2 (docs/DESIGN.md, "Replacing a board", is that protocol
 * too), so that they wait, and then learn that they must be restarted.
 */
#ifndef TRACKD_DAEMON_BOARD_LAYOUT2_BOARD_H
#define TRACKD_DAEMON_BOARD_LAYOUT2_BOARD_H

#include "daemon/board/layout2.h"
#include <stdbool.h>
#include <sys/types.h>

struct layout2_board {
	uint8_t *base;
	size_t size;
	int fd;
	uint32_t tasks_max; /* the configured capacity */
	uint32_t capacity;  /* slots */
	struct layout2_header *header;
	struct layout2_kinds *kinds;
	struct layout2_client *clients;
	struct layout2_stripe *id_stripes;
	struct layout2_head *heads;
	struct layout2_body *bodies;
	struct layout2_detail *details;
};

/* Check and map. Takes ownership of fd only on success. TRACKD_E_LAYOUT: neither this layout nor layout
 * 2; TRACKD_E_DAMAGED: the header or the size is wrong; -errno. */
int layout2_board_map(struct layout2_board *ret_board, int fd);
void layout2_board_unmap(struct layout2_board *board);

/* Close it to all changes. Call again with LAYOUT_CLOSED_BLIND to go on without its locks. */
void layout2_board_close(struct layout2_board *board, enum layout_closed how);

/* On a closed board: take and release the locks under which tasks and kinds come and go. From then on
 * they stay. -EBUSY: *ret_held has been held for 100 ms. */
int layout2_board_drain(struct layout2_board *board, const union layout_mutex **ret_held);

/*
 * On a closed board: lock a record that is not final, for at most 100 ms, so that nobody commits to it
 * any more. 0; 1: locked; -EBUSY with *ret_held. A final record, and one whose mutex is damaged, need
 * no lock.
 */
int layout2_board_lock(struct layout2_board *board, uint32_t slot,
		       const union layout_mutex **ret_held);
void layout2_board_unlock(struct layout2_board *board, uint32_t slot);

/* Seal a record's counter, unless it is final. Returns the counter before. */
uint64_t layout2_board_seal(struct layout2_board *board, uint32_t slot);
void layout2_board_seal_all(struct layout2_board *board);

/* Reopen a closed board, and clear the seals. A record that cannot be locked within 10 ms keeps it:
 * repair clears it. */
void layout2_board_reopen(struct layout2_board *board);

/* Tell its clients that another board has the name, or that there is none, and free its memory except
 * its mutexes. */
void layout2_board_retire(struct layout2_board *board, enum layout_retired how);

#endif
