/* SPDX-License-Identifier: MIT */
/*
 * The thread that sleeps on the board's doorbell, wakes every waiting reader, and tells the event
 * loop only when there is something to do there. It is also the daemon's pulse: once a second it
 * refreshes the header's clock offsets and, if the loop is alive, feeds the service manager's
 * watchdog, so that an idle daemon needs no other timer.
 */
#ifndef TRACKD_DAEMON_LOOP_DOORBELL_H
#define TRACKD_DAEMON_LOOP_DOORBELL_H

#include "libclient/segment/internal.h"
#include "tools/common/service_notify.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct doorbell {
	struct board *board;
	struct service_notify *notify;
	pthread_t thread;
	bool running;
	int event_fd;         /* readable when the loop should look at the board */
	uint64_t watchdog_ns; /* feed the watchdog this often; 0: there is none */
	uint64_t busy_limit_ns;
	/* shared with the loop, atomics */
	uint32_t stop;
	uint64_t busy_since; /* CLOCK_MONOTONIC; 0: the loop sleeps */
};

/* Start the thread. watchdog_ns: the service manager's time limit, or 0. 0 or -errno. */
int doorbell_start(struct doorbell *doorbell, struct board *board, struct service_notify *notify,
		   uint64_t watchdog_ns);
void doorbell_stop(struct doorbell *doorbell);

/* The loop is about to work, or to sleep. */
void doorbell_busy(struct doorbell *doorbell);
void doorbell_idle(struct doorbell *doorbell);

/* Take what event_fd says. */
void doorbell_clear(struct doorbell *doorbell);

#endif
