/* SPDX-License-Identifier: MIT */
/*
 * Long work of requests, in slices. All requests share one thread, so one that looks at thousands of
 * tasks or writes hundreds of them would hold up everybody: it gets a slice of bounded work in a turn
 * of the event loop, and between two turns others are served. Turns go round by owner, and the
 * requests of one owner wait for each other: who asks for much at once waits for that alone.
 */
#ifndef TRACKD_HTTP_SERVER_TURNS_H
#define TRACKD_HTTP_SERVER_TURNS_H

#include "libclient/trackd.h"
#include "tools/trackd-http/server/gateway.h"

/* Units of work, about 0.1 us each. */
enum {
	TURNS_LOOK = 1,   /* to look at a task */
	TURNS_WRITE = 32, /* to write one as JSON */
	TURNS_SLICE = 1024,
};

/* Embedded in the work of a request. */
struct turn {
	/* Work, and take what it costs from *units, while there is some left. True: it is done. */
	bool (*work)(struct turn *turn, int *units);
	/* It is done, or the gateway ends. Not called if turns_enter() said that it is done. */
	void (*done)(struct turn *turn);
	/* private */
	struct turns *turns;
	struct lane *lane; /* NULL: it does not wait */
	struct turn *next, **link;
};

int turns_new(struct gateway *gateway, struct turns **ret_turns);
/* All that wait are done. */
void turns_end(struct turns *turns);
void turns_free(struct turns *turns);

/* Begin. 1: it is done already, since it was short and no other work waits; 0: done() will be called;
 * -ENOMEM. */
int turns_enter(struct turns *turns, struct turn *turn, const char *owner);
/* The request is over, however it ended. */
void turns_leave(struct turn *turn);

#endif
