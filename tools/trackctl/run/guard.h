/* SPDX-License-Identifier: MIT */
/*
 * A small process beside trackctl run, in a session of its own and nobody's child but init's, so
 * that who looks for run's children finds the command alone. It does what run itself
 * cannot: when run is killed it asks the job to end and removes what run has left on disk, and it
 * tells run which signals were sent to the whole cgroup, so that the command has had them already.
 */
#ifndef TRACKCTL_RUN_GUARD_H
#define TRACKCTL_RUN_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guard {
	bool there;
	int orders; /* to the guard; closed without an order: run has died */
	int told;   /* from the guard: which signals reached it, and when */
};

/* Start it. Signals must be blocked already: the guard must not die of what it reports.
 * remove: a file and the folder that it lies in, or NULL. 0 or -errno. */
int guard_start(struct guard *guard, const char *remove);

/* The job to end should run be killed. */
void guard_watch(struct guard *guard, pid_t group);

/* The signals, as bits, that reached the guard and were not asked for before. What came more than a
 * second before at_ns (steady) belongs to something that is over. */
uint32_t guard_saw(struct guard *guard, uint64_t at_ns);

/* End it, and wait until it is gone; it does nothing any more. */
void guard_end(struct guard *guard);

#endif
