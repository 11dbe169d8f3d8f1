/* SPDX-License-Identifier: MIT */
/*
 * A small process beside trackctl run, in its own session and a child of init, so that run's only
 * child is the command. When run is killed, the guard asks the job to end and removes run's files.
 * It also reports to run which signals were sent to the whole cgroup, because the command has
 * received those already.
 */
#ifndef TRACKCTL_RUN_GUARD_H
#define TRACKCTL_RUN_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guard {
	bool there;
	int commands; /* to the guard; closed without a command: run has died */
	int reports;  /* from the guard: the signals it received, and when */
};

/* Start the guard. Signals must be blocked already, so that the guard does not die of the signals
 * it reports. remove: a file that is removed with its folder, or NULL. 0 or -errno. */
int guard_start(struct guard *guard, const char *remove);

/* Set the job that ends if run is killed. */
void guard_watch(struct guard *guard, pid_t group);

/* A bit mask of the signals that the guard has received since the last call. Signals from more than
 * a second before at_ns (steady) are ignored as unrelated. */
uint32_t guard_saw(struct guard *guard, uint64_t at_ns);

/* End the guard, without any action, and wait until it is gone. */
void guard_end(struct guard *guard);

#endif
