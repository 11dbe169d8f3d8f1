/* SPDX-License-Identifier: MIT */
/*
 * Logs one line per transition of a task, to the journal with structured fields or to stderr. A
 * separate thread reads the event ring, so a slow journal delays neither the handling of deaths nor
 * wake-ups. The thread counts and reports transitions that it missed. It waits until the journal or
 * stderr takes a line. When the daemon stops, it no longer waits: lines that are not taken at once
 * are dropped, counted and reported with the next line that is taken.
 */
#ifndef TRACKD_DAEMON_JOURNAL_JOURNAL_H
#define TRACKD_DAEMON_JOURNAL_JOURNAL_H

#include "daemon/journal/journald.h"
#include "libclient/segment/internal.h"
#include "libclient/trackd.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct journal {
	const struct board *board;
	const char *name; /* of the board */
	pthread_t thread;
	bool running;
	int event_fd;
	/* private to the thread */
	struct trackd_cursor cursor;
	struct journald journald;
	uint64_t unsaid; /* dropped transitions that have not been reported yet */
	/* shared (atomic) */
	uint32_t stop;
	uint32_t verbose; /* print stages too; the journal always gets them at debug level */
};

/* Start with the events from cursor on. 0 or -errno. */
int journal_start(struct journal *journal, const struct board *board, const char *name,
		  uint64_t from, bool verbose);
/* Log the remaining events as far as possible without waiting, then stop. */
void journal_stop(struct journal *journal);

void journal_wake(struct journal *journal); /* there are new events */
void journal_verbose(struct journal *journal, bool verbose);

#endif
