/* SPDX-License-Identifier: MIT */
/*
 * Judging progress_within: ends active tasks that are neither updated nor advanced for so long. An
 * advance leaves no time, so the counter of each such task is read at intervals of an eighth of its
 * limit (10 ms to 1 s), and an advance counts as made when it is seen: so a limit is never judged
 * early, and late by at most one interval. What happened before the first look, or while the daemon
 * was away, is not known: then the limit starts anew.
 */
#ifndef TRACKD_DAEMON_EXPIRY_PROGRESS_WATCH_H
#define TRACKD_DAEMON_EXPIRY_PROGRESS_WATCH_H

#include "daemon/expiry/wheel.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include <systemd/sd-event.h>

/* What is known of a slot's task. */
struct progress {
	uint64_t work;  /* its counter when it was last read */
	uint64_t moved; /* when the counter was first seen at that */
	uint64_t read;  /* when it was last read; 0: never */
};

struct progress_watch {
	struct board *board;
	struct wheel wheel;
	struct progress *tasks;
	sd_event_source *timer;
};

/* 0 or -errno. */
int progress_watch_init(struct progress_watch *watch, sd_event *event, struct board *board);
void progress_watch_free(struct progress_watch *watch);

/* Look at a task that was just read, and set its timer if it is active and has the limit. */
void progress_watch_look(struct progress_watch *watch, struct trackd_ref ref,
			 const struct limits *limits, uint64_t now);

/* Arm the wake-up after timers were set. */
void progress_watch_arm(struct progress_watch *watch);

#endif
