/* SPDX-License-Identifier: MIT */
/*
 * Replacing a board while producers and readers use it. No acknowledged change is lost: the daemon
 * closes the old board, copies everything under the locks that commit, gives the name to the new
 * board, and retires the old one. If the daemon dies in between, the old board stays closed and
 * writers wait until the next daemon reopens or replaces it.
 */
#ifndef TRACKD_DAEMON_BOARD_REPLACEMENT_H
#define TRACKD_DAEMON_BOARD_REPLACEMENT_H

#include "daemon/board/task.h"
#include "daemon/config/config.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"

enum replacement_how {
	SUCCESSION_CARRY,  /* copy under each lock; a lock that is held for long prevents it */
	SUCCESSION_BLIND,  /* the same without locks, for a board that is damaged */
	SUCCESSION_IMPORT, /* task by task, for a board of another boot or namespace */
};

/*
 * Replace a board. On success *ret_new has the name and belongs to this daemon, and the old board
 * is retired. Its mapping stays until replacement_leave(), for threads that read it. 0; -EBUSY: the
 * process named in ret_holder held a lock; or an error of creating a board. After a failure the old
 * board is open and unchanged.
 */
int replacement_install(struct board *ret_new, struct board *old, const struct config *config,
			enum replacement_how how, char ret_holder[WORKER_LABEL]);

/* Free the memory of the board that was replaced, and unmap it. */
void replacement_leave(struct board *old);

/* Both in one call: on success *board is the new board. Returns as replacement_install(). */
int replacement_replace(struct board *board, const struct config *config, enum replacement_how how,
			char ret_holder[WORKER_LABEL]);

/* Reopen a board whose daemon died while replacing it. */
void replacement_reopen(struct board *board);

/* Close a board permanently and remove its name. 0 or -errno. */
int replacement_remove(struct board *board, const char *name);

#endif
