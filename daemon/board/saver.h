/* SPDX-License-Identifier: MIT */
/* When to write the snapshot: at stop, and while things change once an interval. A board of
 * which all tasks have ended arms no timer. */
#ifndef TRACKD_DAEMON_BOARD_SAVER_H
#define TRACKD_DAEMON_BOARD_SAVER_H

#include "daemon/board/snapshot.h"
#include <systemd/sd-event.h>

struct saver {
	struct board *board;
	struct snapshot_place place;
	uint32_t interval_ms; /* TRACKD_TTL_NEVER: only at stop */
	sd_event_source *timer, *done;
	struct snapshot_job job;
	uint64_t written; /* fingerprint of what the last snapshot holds */
	uint64_t writing; /* and of the one that is being written */
	bool changed;     /* since the last look */
	bool failing;     /* the last one failed, and it was said */
};

/* 0 or -errno. Without a state directory it does nothing. */
int saver_init(struct saver *saver, sd_event *event, struct board *board,
	       const struct snapshot_place *place, uint32_t interval_ms);
void saver_free(struct saver *saver);

/* Something has changed. */
void saver_touch(struct saver *saver);

/* Wait for the snapshot that is being written, if one is: its thread reads the board. */
void saver_settle(struct saver *saver);

/* Write one now and wait for it: the daemon stops. 0; -errno after a message: what changed since the last
 * snapshot is on the board only. */
int saver_finish(struct saver *saver);

#endif
