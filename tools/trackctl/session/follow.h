/* SPDX-License-Identifier: MIT */
/*
 * Following tasks: read them first, then the events, and after a loss the tasks again. For watch
 * and wait; survives the daemon's restarts and another board in the place of this one.
 */
#ifndef TRACKCTL_VERBS_FOLLOW_H
#define TRACKCTL_VERBS_FOLLOW_H

#include "tools/trackctl/session/ctl.h"

/* A task that was named on the command line. */
struct followed {
	char id[TRACKD_ID_MAX + 1];
	struct trackd_task task; /* as it was last seen */
	uint64_t shown;          /* events of this reference up to this revision are known */
	bool gone;               /* there is none of that id now */
	bool seen;               /* there has been one */
	bool over;               /* gone or final: nothing more is to come */
};

struct follow {
	struct ctl *ctl;
	struct trackd_cursor cursor;
	struct followed *named;
	size_t n;    /* named; 0: all tasks are meant */
	bool appear; /* one that is not there yet is waited for: set before follow_begin() */
};

enum follow_result {
	FOLLOW_NOTHING = 0,
	FOLLOW_EVENT = 1,
	FOLLOW_RESET = 2, /* events were lost, or the board began anew: read the tasks again */
};

/* follow->appear is the caller's. Place the cursor, find and read what was named. 0 or an exit status. */
int follow_begin(struct follow *follow, struct ctl *ctl, int n, char **ids);
void follow_end(struct follow *follow);

/* The next transition of a task that is meant. Never sleeps. */
enum follow_result follow_next(struct follow *follow, struct trackd_event *ret_event);

/* Read the named tasks again. Whether any of them became over that was not. */
bool follow_refresh(struct follow *follow);

/* Sleep until there may be an event, at most ms. */
void follow_sleep(struct follow *follow, int64_t ms);

/* Whether all named tasks are over; false if none were named. */
bool follow_done(const struct follow *follow);

/* The exit status for what became of them: the first in the order of the command line that did not
 * complete decides. */
enum exit_code follow_outcome(const struct follow *follow);

#endif
