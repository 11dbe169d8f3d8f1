/* SPDX-License-Identifier: MIT */
/*
 * One board in place of another, while producers and readers are at work. Nothing that was
 * acknowledged is lost: the old board is closed, everything is carried over under the locks that
 * commit, the new one gets the name, and the old one is retired. A daemon that dies on the way leaves
 * a closed board, which the next one opens again or replaces; until then writers wait.
 */
#ifndef TRACKD_DAEMON_BOARD_REPLACEMENT_H
#define TRACKD_DAEMON_BOARD_REPLACEMENT_H

#include "daemon/board/task.h"
#include "daemon/config/config.h"
#include "libclient/segment/internal.h"

enum replacement_how {
	SUCCESSION_CARRY,  /* under each lock; one that is held for long prevents it */
	SUCCESSION_BLIND,  /* the same without locks, for a board that is damaged */
	SUCCESSION_IMPORT, /* task by task, into other slots: of another boot or namespace */
};

/*
 * Replace a board: on success *ret_new, which this daemon has taken over, has the name, and the old
 * board is retired. Its mapping is still whole, for threads that read it; replacement_leave() ends that.
 * 0; -EBUSY: the process that ret_holder names held a lock; or what making a board fails with. After a
 * failure the old board is open and as it was.
 */
int replacement_install(struct board *ret_new, struct board *old, const struct config *config,
			enum replacement_how how, char ret_holder[TASK_LABEL_MAX]);

/* Give back the memory of the board that was replaced, and unmap it. */
void replacement_leave(struct board *old);

/* Both at once: on success *board is the new one. As replacement_install(). */
int replacement_replace(struct board *board, const struct config *config, enum replacement_how how,
			char ret_holder[TASK_LABEL_MAX]);

/* Open a board again whose daemon died while it replaced it. */
void replacement_reopen(struct board *board);

/* Close a board for good and take its name away. 0 or -errno. */
int replacement_remove(struct board *board, const char *name);

#endif
