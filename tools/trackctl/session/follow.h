/* SPDX-License-Identifier: MIT */
/*
 * Follows tasks for watch and wait: reads the tasks first, then the events, and after a loss the
 * tasks again. Works across restarts of the daemon and replacements of the board.
 */
#ifndef TRACKCTL_VERBS_FOLLOW_H
#define TRACKCTL_VERBS_FOLLOW_H

#include "tools/trackctl/session/ctl.h"

/* A task named on the command line. */
struct followed {
	char id[TRACKD_ID_MAX + 1];
	struct trackd_task task; /* as it was last seen */
	uint64_t shown;          /* events of this reference up to this revision have been shown */
	bool gone;               /* no task has that id now */
	bool seen;               /* a task has had that id */
	bool over;               /* gone or final: nothing more will come */
};

struct follow {
	struct ctl *ctl;
	struct trackd_cursor cursor;
	struct followed *named;
	size_t n;    /* number of named tasks; 0: follow all tasks */
	bool appear; /* wait for tasks that do not exist yet: set before follow_begin() */
};

enum follow_result {
	FOLLOW_NOTHING = 0,
	FOLLOW_EVENT = 1,
	FOLLOW_RESET = 2, /* events were lost, or the board is new: read the tasks again */
};

/* The caller sets follow->appear. Take the cursor, find and read the named tasks. 0 or an exit
 * status. */
int follow_begin(struct follow *follow, struct ctl *ctl, int n, char **ids);
void follow_end(struct follow *follow);

/* The next transition of a followed task. Never sleeps. */
enum follow_result follow_next(struct follow *follow, struct trackd_event *ret_event);

/* Read the named tasks again. Whether one of them has ended since. */
bool follow_refresh(struct follow *follow);

/* Sleep until there may be an event, at most ms. */
void follow_sleep(struct follow *follow, int64_t ms);

/* Whether all named tasks have ended; false if none were named. */
bool follow_done(const struct follow *follow);

/* The exit status for the outcome: that of the first task, in the order of the command line, that
 * did not complete. */
enum exit_code follow_outcome(const struct follow *follow);

#endif
