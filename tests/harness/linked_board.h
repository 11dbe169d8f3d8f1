/* SPDX-License-Identifier: MIT */
/*
 * A board without a daemon, with a name by which connections open it:
 *
 *	struct linked_board linked;
 *	linked_board_make(&linked, 64);
 *	struct trackd *writer = linked_board_open(&linked, TRACKD_OPEN_WRITE, 0);
 *	...
 *	trackd_close(writer);
 *	linked_board_remove(&linked);
 */
#ifndef TESTS_LINKED_BOARD_H
#define TESTS_LINKED_BOARD_H

#include "libclient/segment/segment.h"
#include "libclient/trackd.h"

struct linked_board {
	struct board board;
	char name[64];
	char folder[128]; /* of the program */
	char socket[160]; /* a path in it, without a socket */
};

void linked_board_make(struct linked_board *ret_linked, uint32_t capacity);
void linked_board_remove(struct linked_board *linked);

/* timeout_ms: 0 for the library's default. harness_die() on failure. */
struct trackd *linked_board_open(const struct linked_board *linked, unsigned flags,
				 uint32_t timeout_ms);
/* The same, but returns the error. */
int linked_board_try(const struct linked_board *linked, unsigned flags, uint32_t timeout_ms,
		     struct trackd **ret_trackd);

#endif
