/* SPDX-License-Identifier: MIT */
/* Decides when to write the snapshot: at stop, and once per interval while tasks change. No timer
 * is armed while all tasks are final and unchanged. */
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
	uint64_t written; /* fingerprint of the last snapshot */
	uint64_t writing; /* fingerprint of the snapshot being written */
	bool changed;     /* since the last check */
	bool failing;     /* the last one failed, and this was logged */
};

/* 0 or -errno. Without a state directory the saver does nothing. */
int saver_init(struct saver *saver, sd_event *event, struct board *board,
	       const struct snapshot_place *place, uint32_t interval_ms);
void saver_free(struct saver *saver);

/* Note that the board has changed. */
void saver_touch(struct saver *saver);

/* Wait for a snapshot that is being written, because its thread reads the board. */
void saver_settle(struct saver *saver);

/* Write the last snapshot before the daemon stops, and wait for it. 0; -errno after logging that
 * changes since the last snapshot are only on the board. */
int saver_finish(struct saver *saver);

#endif
