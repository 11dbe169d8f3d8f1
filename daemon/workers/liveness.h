/* SPDX-License-Identifier: MIT */
/*
 * Knowing that a worker has died. Each entry of the client table is watched through a pidfd, in a
 * map of our own that is keyed by entry and generation, so nothing that is written into the segment
 * can make us take one process for another. Dead means: the pidfd is readable, or the process does
 * not exist, or its start time was read and differs. What cannot be looked at is alive.
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
	uint32_t change; /* header's client_change at the last walk */
	uint32_t n_watched;
	uint32_t n_unwatched; /* living entries without a pidfd: looked at once a second */
	sd_event_source *source, *timer;
	struct liveness_entry *entries;
};

/* 0 or -errno. */
int liveness_init(struct liveness *liveness, sd_event *event, struct board *board,
		  struct dead_workers *dead_workers, struct service_notify *notify);
void liveness_free(struct liveness *liveness);

/* Walk the client table if it has changed since, or in any case. */
void liveness_walk(struct liveness *liveness, bool always);

/* A producer says which entry is its own; pid and pidfd (-1: none) are the peer's, from the kernel.
 * Takes pidfd over. */
void liveness_bind(struct liveness *liveness, uint32_t entry, uint32_t generation, pid_t pid,
		   int pidfd);

/* A pidfd that the service manager kept for us over a restart. Takes it over. */
void liveness_restore(struct liveness *liveness, uint32_t entry, uint32_t generation, int pidfd);

#endif
