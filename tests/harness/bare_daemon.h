/* SPDX-License-Identifier: MIT */
/*
 * Single modules of a daemon in the test's process, with a board and an event loop. A table row
 * names the capacity and what a test needs in addition to the board and the scan after deaths:
 *
 *	BARE_DAEMON(one_that_binds_itself_is_watched, 16, start_workers, end_workers),
 */
#ifndef TESTS_BARE_DAEMON_H
#define TESTS_BARE_DAEMON_H

#include "daemon/expiry/sweep.h"
#include "daemon/workers/liveness.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/common/service_notify.h"

extern struct bare_daemon {
	struct board board;
	sd_event *event;
	struct dead_workers dead_workers;
	unsigned n_after; /* completed scans after a death */
	/* bare_daemon_reclaim() */
	struct reaper reaper;
	struct sweep sweep;
	/* bare_daemon_watch() */
	struct service_notify notify;
	struct liveness liveness;
} bare_daemon;

struct bare_daemon_needs {
	uint32_t capacity;
	void (*prepare)(void); /* both may be NULL */
	void (*tidy)(void);
};

#define BARE_DAEMON(test, capacity, prepare, tidy)                                                 \
	{                                                                                          \
#test, test, bare_daemon_make, bare_daemon_free,                                   \
			&((struct bare_daemon_needs){ capacity, prepare, tidy })                   \
	}

int bare_daemon_make(void **state);
int bare_daemon_free(void **state);

/* Start the reaper and the sweep, with the events from this one on. */
void bare_daemon_reclaim(uint64_t from);
/* Start to watch the clients. */
void bare_daemon_watch(void);

/* Run one turn of the event loop, waiting a moment for an event. Returns true, for
 * HARNESS_WAIT(). */
bool bare_daemon_turn(void);
/* Run the event loop until it has no more work. */
void bare_daemon_settle(void);
/* Whether a sweep is under way or due. */
bool bare_daemon_sweeps(void);

/* Create a task that this worker has moved to a stage. */
struct trackd_ref bare_daemon_give(const char *id, uint64_t worker);
/* The task's state; UINT8_MAX: the task is gone. */
uint8_t bare_daemon_state_of(struct trackd_ref ref);

#endif
