/* SPDX-License-Identifier: MIT */
/*
 * Runs long work of requests in slices. All requests share one thread, so a request that looks at
 * thousands of tasks or writes hundreds would block all others. Instead it gets one slice of
 * bounded work in a turn of the event loop, and other requests are served between turns. Owners
 * take turns, and requests of one owner queue up: a large request delays only its own user.
 */
#ifndef TRACKD_HTTP_SERVER_TURNS_H
#define TRACKD_HTTP_SERVER_TURNS_H

#include "libclient/trackd.h"
#include "tools/trackd-http/server/gateway.h"

/* Units of work, about 0.1 us each. */
enum {
	TURNS_LOOK = 1,   /* look at a task */
	TURNS_WRITE = 32, /* write one as JSON */
	TURNS_SLICE = 1024,
};

/* Embedded in the work of a request. */
struct turn {
	/* Work until *units is used up, and subtract the cost from it. True: the work is done. */
	bool (*work)(struct turn *turn, int *units);
	/* The work is done, or the gateway is ending. Not called if turns_enter() returned 1. */
	void (*done)(struct turn *turn);
	/* private */
	struct turns *turns;
	struct lane *lane; /* NULL: it is not waiting */
	struct turn *next, **link;
};

int turns_new(struct gateway *gateway, struct turns **ret_turns);
/* End all waiting work: calls done() of each. */
void turns_end(struct turns *turns);
void turns_free(struct turns *turns);

/* Begin. 1: the work was short and is done already; 0: done() will be called later; -ENOMEM. */
int turns_enter(struct turns *turns, struct turn *turn, const char *owner);
/* Call it when the request has ended, in whatever way. */
void turns_leave(struct turn *turn);

#endif
