/* SPDX-License-Identifier: MIT */
/*
 * The story of every task, one line a transition: to the journal with structured fields, or to
 * stderr. A thread of its own reads the event ring, so that a journal that is slow delays neither
 * the deaths nor the wake-ups; what it cannot follow it counts and says. It waits for the journal or
 * stderr to take a line until the daemon stops: then what is not taken at once is given up, counted
 * and reported with the next line that is taken.
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
	/* the thread's */
	struct trackd_cursor cursor;
	struct journald journald;
	uint64_t unsaid; /* transitions that the journal did not take, not reported yet */
	/* shared, atomics */
	uint32_t stop;
	uint32_t verbose; /* stages too; in the journal they are there at debug level anyway */
};

/* Begin with the events from cursor on. 0 or -errno. */
int journal_start(struct journal *journal, const struct board *board, const char *name,
		  uint64_t from, bool verbose);
/* Say what is left, as far as it is taken without waiting, then end. */
void journal_stop(struct journal *journal);

void journal_wake(struct journal *journal); /* there are events */
void journal_verbose(struct journal *journal, bool verbose);

#endif
