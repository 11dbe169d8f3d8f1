/* SPDX-License-Identifier: MIT */
/*
 * The thread that sleeps on the board's doorbell. It wakes every waiting reader, and the event loop
 * only if that has work. Once a second it also refreshes the header's clock offsets and, if the
 * event loop is alive, feeds the service manager's watchdog, so an idle daemon needs no other
 * timer.
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
	int event_fd;         /* readable when the event loop has work */
	uint64_t watchdog_ns; /* interval for feeding the watchdog; 0: there is none */
	uint64_t busy_limit_ns;
	/* shared with the event loop (atomic) */
	uint32_t stop;
	uint64_t busy_since; /* CLOCK_MONOTONIC; 0: the event loop sleeps */
};

/* Start the thread. watchdog_ns: the service manager's time limit, or 0. 0 or -errno. */
int doorbell_start(struct doorbell *doorbell, struct board *board, struct service_notify *notify,
		   uint64_t watchdog_ns);
void doorbell_stop(struct doorbell *doorbell);

/* The event loop calls these before it works and before it sleeps. */
void doorbell_busy(struct doorbell *doorbell);
void doorbell_idle(struct doorbell *doorbell);

/* Reset event_fd. */
void doorbell_clear(struct doorbell *doorbell);

#endif
