/* SPDX-License-Identifier: MIT */
/*
 * Killing an operation at each of its instructions and checking the board. After each death:
 *
 *   readers see every record complete, old or new, and miss or repeat none; after repair, the
 *   doctor finds no fault, and the id can be created, updated and removed; the same works before
 *   repair, and the board is clean after it.
 *
 * Deaths that leave the same bytes are checked once: most instructions store nothing.
 */
#ifndef TESTS_CAMPAIGN_H
#define TESTS_CAMPAIGN_H

#include "tests/crash/engine/image.h"
#include "tests/crash/engine/operation.h"
#include "tests/crash/engine/tracer.h"

struct campaign {
	unsigned long kills, double_kills, states, missed, faults;
	bool quiet; /* count faults, do not print them */
	/* private */
	uint64_t *seen;
	size_t n_seen, room;
	unsigned printed;
	char last[400];
};

void campaign_free(struct campaign *campaign);

/* Kill at every instruction of the operation. */
void campaign_kill(struct campaign *campaign, const struct operation *operation);

/* Kill only where the board has just changed: this yields the same states in a tenth of the
 * time. */
void campaign_kill_states(struct campaign *campaign, const struct operation *operation);

/* Kill to get every state of the operation. Then, for one of `every` states, kill the repairing
 * process at `samples` of its instructions (0: at all of them). */
void campaign_kill_twice(struct campaign *campaign, const struct operation *operation,
			 unsigned every, unsigned samples);

/* Step through the operation and let readers read while it is stopped before each instruction.
 * ret_slowest_ns: the longest time of these reads. Returns their number. */
size_t campaign_watch(struct campaign *campaign, const struct operation *operation,
		      uint64_t *ret_slowest_ns);

#endif
