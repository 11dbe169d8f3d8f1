/* SPDX-License-Identifier: MIT */
/*
 * Expiry. Readers see an expired task gone at its deadline whether we run or not; this gives the
 * slots back, at a cost that follows what expired. Each task has one lazy timer: it is set when an
 * event or a scan shows the task, and when it comes up the head is asked whether the deadline has
 * moved. Active tasks are looked at well before, so that one whose worker only counts is renewed.
 */
#ifndef TRACKD_DAEMON_EXPIRY_REAPER_H
#define TRACKD_DAEMON_EXPIRY_REAPER_H

#include "daemon/expiry/wheel.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <systemd/sd-event.h>

struct reaper {
	struct board *board;
	struct wheel wheel;
	struct trackd_cursor cursor;
	uint64_t *seen; /* a task's work counter when it was looked at last */
	sd_event_source *timer;
};

/* Reads events from the sequence `from` on. 0 or -errno. */
int reaper_init(struct reaper *reaper, sd_event *event, struct board *board, uint64_t from);
void reaper_free(struct reaper *reaper);

enum reaper_result {
	REAPER_DONE,   /* all events are read */
	REAPER_MORE,   /* there are more: call again */
	REAPER_LAPPED, /* some were lost: scan the heads */
};

/* Read a batch of events and set the timers of the tasks that they name. */
enum reaper_result reaper_events(struct reaper *reaper);

/* A scan came by this slot. */
void reaper_look(struct reaper *reaper, uint32_t slot, uint64_t now);

/* After timers were set: be woken in time. */
void reaper_arm(struct reaper *reaper);

#endif
