/* SPDX-License-Identifier: MIT */
/*
 * One cursor over the board's transitions for the whole gateway. It passes each transition to the
 * watchers of its task and of its owner, and to the histograms. The loop is woken by the library's
 * descriptor, so an idle gateway sleeps.
 */
#ifndef TRACKD_HTTP_BOARD_FOLLOWER_H
#define TRACKD_HTTP_BOARD_FOLLOWER_H

#include "libclient/trackd.h"
#include "tools/trackd-http/server/gateway.h"

struct follower;

/* Embedded in each watcher. The callbacks note the change and resume their request; they must not
 * watch or unwatch. */
struct watch {
	/* A transition of the watched task, or of one of the watched owner's tasks. */
	void (*on_event)(struct watch *watch, const struct trackd_event *event);
	/* Events were lost, or another board replaced the old one: read everything again. */
	void (*on_reset)(struct watch *watch);
	/* Called ten times a second while watching, for changes without a transition. */
	void (*on_tick)(struct watch *watch);
	/* private */
	struct follower *follower;
	struct watch *next, **link;
	struct trackd_ref ref;
	uint64_t owner_hash;
};

int follower_start(struct gateway *gateway, struct follower **ret_follower);
void follower_stop(struct follower *follower);

/* Watch one task, or all of an owner's tasks, from the next transition on; subscribe first, then
 * read. After on_reset() for another board, watch again: references and hashes are only valid on
 * their own board. */
void follower_watch_task(struct follower *follower, struct watch *watch, struct trackd_ref ref);
void follower_watch_owner(struct follower *follower, struct watch *watch, const char *owner);
void follower_unwatch(struct watch *watch);

/* Read all pending events now, so that a record read afterwards is hardly ahead of the position.
 * Not from a callback. */
void follower_read(struct follower *follower);

/* The sequence of the next transition, and the id of its board, as board_connection_id() gives
 * it. */
uint64_t follower_position(const struct follower *follower);
const char *follower_board(const struct follower *follower);

/* Set a callback for every transition, watched or not: for histograms. */
void follower_tap(struct follower *follower,
		  void (*tap)(void *user, const struct trackd_event *event), void *user);

#endif
