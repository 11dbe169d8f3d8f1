/* SPDX-License-Identifier: MIT */
/*
 * One cursor over the board's transitions for the whole gateway. Each transition goes to those who
 * watch its task or its owner, and to the histograms. The loop is woken by the library's descriptor,
 * so an idle gateway sleeps.
 */
#ifndef TRACKD_HTTP_BOARD_FOLLOWER_H
#define TRACKD_HTTP_BOARD_FOLLOWER_H

#include "libclient/trackd.h"
#include "tools/trackd-http/server/gateway.h"

struct follower;

/* Embedded in each watcher. The calls note what came and resume their request; they watch and
 * unwatch nothing. */
struct watch {
	/* A transition of the task, or of one of the owner's. */
	void (*on_event)(struct watch *watch, const struct trackd_event *event);
	/* Events were lost, or another board took the old one's place: read everything again. */
	void (*on_reset)(struct watch *watch);
	/* Ten times a second while the watch lives, for what moves without a transition. */
	void (*on_tick)(struct watch *watch);
	/* private */
	struct follower *follower;
	struct watch *next, **link;
	struct trackd_ref ref;
	uint64_t owner_hash;
};

int follower_start(struct gateway *gateway, struct follower **ret_follower);
void follower_stop(struct follower *follower);

/* Watch one task, or all of an owner's. Begins with the next transition; subscribe first, read
 * then. After on_reset() for another board, watch again: references and hashes are a board's own. */
void follower_watch_task(struct follower *follower, struct watch *watch, struct trackd_ref ref);
void follower_watch_owner(struct follower *follower, struct watch *watch, const char *owner);
void follower_unwatch(struct watch *watch);

/* Read what there is now, so that a record that is read next is hardly ahead of the position. Not
 * from within the calls above. */
void follower_read(struct follower *follower);

/* Sequence of the next transition, and the board that it is of, as board_connection_id() has it. */
uint64_t follower_position(const struct follower *follower);
const char *follower_board(const struct follower *follower);

/* Every transition, watched or not: for histograms. */
void follower_tap(struct follower *follower,
		  void (*tap)(void *user, const struct trackd_event *event), void *user);

#endif
