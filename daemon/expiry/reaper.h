/* SPDX-License-Identifier: MIT */
/*
 * Expiry. Readers ignore a task from its deadline on, even without a daemon; the reaper frees the
 * slots, at a cost proportional to the number of expired tasks. Each task has one lazy timer. It is
 * set when an event or a scan shows the task; when it is due, the reaper checks in the head whether
 * the deadline has moved. Active tasks are checked well before their deadlines, to renew those
 * whose worker only advances. The same timer ends open tasks that pass start_within, finish_within or
 * active_ttl.
 */
#ifndef TRACKD_DAEMON_EXPIRY_REAPER_H
#define TRACKD_DAEMON_EXPIRY_REAPER_H

#include "daemon/expiry/progress_watch.h"
#include "daemon/expiry/wheel.h"
#include "daemon/families/families.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <systemd/sd-event.h>

struct reaper {
	struct board *board;
	struct wheel wheel;
	struct trackd_cursor cursor;
	struct progress_watch progress;
	uint64_t *seen; /* each task's work counter at its last check */
	sd_event_source *timer;
	bool ended;                /* a task was ended since waiters were woken */
	struct families *families; /* shown the same tasks; NULL: none */
};

/* The reaper reads events from the sequence `from` on. 0 or -errno. */
int reaper_init(struct reaper *reaper, sd_event *event, struct board *board, uint64_t from);
void reaper_free(struct reaper *reaper);

enum reaper_result {
	REAPER_DONE,   /* all events are read */
	REAPER_MORE,   /* more events exist: call again */
	REAPER_LAPPED, /* some were lost: scan the heads */
};

/* Read a batch of events and set the timers of the tasks that they name. */
enum reaper_result reaper_events(struct reaper *reaper);

/* Set the timer of the task in this slot, during a scan. */
void reaper_look(struct reaper *reaper, uint32_t slot, uint64_t now);

/* Arm the wake-up after timers were set. */
void reaper_arm(struct reaper *reaper);

#endif
