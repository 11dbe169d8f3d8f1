/* SPDX-License-Identifier: MIT */
/*
 * One board in place of another, while producers and readers are at work. Nothing that was
 * acknowledged is lost: the old board is closed, everything is carried over under the locks that
 * commit, the new one gets the name, and the old one is retired. A daemon that dies on the way leaves
 * a closed board, which the next one opens again or replaces; until then writers wait.
 */
#ifndef TRACKD_SUCCESSION_H
#define TRACKD_SUCCESSION_H

#include "config.h"
#include "segment.h"

enum succession_how {
	SUCCESSION_CARRY,  /* under each lock; one that is held for long prevents it */
	SUCCESSION_BLIND,  /* the same without locks, for a board that is damaged */
	SUCCESSION_IMPORT, /* task by task, into other slots: of another boot or namespace */
};

/* Replace a mapped board; on success *board is the new one, which this daemon has taken over. 0,
 * -EBUSY (a lock was held: said in the log), or what making a board fails with; then the old one is
 * open and as it was. */
int succession_replace(struct board *board, const struct config *config, enum succession_how how);

/* Open a board again whose daemon died while it replaced it. */
void succession_reopen(struct board *board);

/* Close a board for good and take its name away. 0 or -errno. */
int succession_remove(struct board *board, const char *name);

#endif
