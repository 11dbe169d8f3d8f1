/* SPDX-License-Identifier: MIT */
/*
 * What the daemon does for parents: it ends those that asked for it when their last child has ended,
 * lets them expire again, and spreads a cancellation to the children, some of them per turn of the
 * event loop. It looks at every task that an event or a sweep shows, so it also finds what happened
 * while no daemon ran, or while a record was locked.
 */
#ifndef TRACKD_DAEMON_FAMILIES_FAMILIES_H
#define TRACKD_DAEMON_FAMILIES_FAMILIES_H

#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

enum { FAMILIES_QUEUE = 64 };

/* A parent whose children are to be cancelled or that is to be ended. */
struct families_entry {
	struct trackd_ref parent;
	struct index_position position; /* among the children */
	bool again;                     /* a record was locked: go over it once more */
};

struct families {
	struct board *board;
	sd_event_source *turn;
	uint32_t n;
	struct families_entry queue[FAMILIES_QUEUE];
};

/* 0 or -errno. */
int families_init(struct families *families, sd_event *event, struct board *board);
void families_free(struct families *families);

/* Look at a slot after an event or in a sweep, as a child and as a parent. True: it is a child, and the
 * times of its parent may have changed: *ret_parent is the slot. */
bool families_look(struct families *families, uint32_t slot, uint32_t *ret_parent);

#endif
