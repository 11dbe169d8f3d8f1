/* SPDX-License-Identifier: MIT */
/*
 * Detecting dead workers. Each entry of the client table is watched through a pidfd, in a private
 * map keyed by entry and generation, so no data in the segment can make the daemon mistake one
 * process for another. Dead means: the pidfd is readable, or the process does not exist, or its
 * start time was read and differs. A process that cannot be examined counts as alive.
 *
 * How it died is read with its death, see worker_exit.h and oom_kills.h. Where only its parent knows
 * yet, its tasks wait for that for up to 15 ms.
 */
#ifndef TRACKD_DAEMON_WORKERS_LIVENESS_H
#define TRACKD_DAEMON_WORKERS_LIVENESS_H

#include "daemon/loop/kept_descriptor.h"
#include "daemon/workers/dead_workers.h"
#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

struct liveness {
	sd_event *event;
	struct board *board;
	struct dead_workers *dead_workers;
	struct service_notify *notify;
	int epoll;
	uint32_t change; /* the header's client_change at the last walk */
	uint32_t n_watched;
	uint32_t n_unwatched; /* live entries without a pidfd, checked once a second */
	sd_event_source *source, *timer;
	sd_event_source *parents; /* runs when parents of dead workers had their time */
	struct liveness_entry *entries;
};

/* 0 or -errno. */
int liveness_init(struct liveness *liveness, sd_event *event, struct board *board,
		  struct dead_workers *dead_workers, struct service_notify *notify);
void liveness_free(struct liveness *liveness);

/* Walk the client table if it has changed since the last walk, or always. */
void liveness_walk(struct liveness *liveness, bool always);

/* A producer has named its entry. pid and pidfd (-1: none) are the peer's, from the kernel. Takes
 * ownership of pidfd. */
void liveness_bind(struct liveness *liveness, uint32_t entry, uint32_t generation, pid_t pid,
		   int pidfd);

/* Watch a worker by a pidfd that the service manager kept over a restart. Takes ownership of
 * pidfd. */
void liveness_restore(struct liveness *liveness, uint32_t entry, uint32_t generation, int pidfd);

#endif
