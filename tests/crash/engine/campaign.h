/* SPDX-License-Identifier: MIT */
/*
 * Killing an operation at each of its instructions and looking at what is left. After each death:
 *
 *   readers see every record whole, old or new, and miss and repeat none;
 *   repaired, the board is clean to the doctor, and the id can be created, updated and removed;
 *   the same works before repair, and the board is clean after it.
 *
 * Deaths that leave the same bytes are looked at once: most instructions store nothing.
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

/* Kill only where the board has just changed: that leaves the same states in a tenth of the time.
 */
void campaign_kill_states(struct campaign *campaign, const struct operation *operation);

/* Kill so as to leave every state that the operation goes through; then, for every every-th of
 * these states, kill the repairing process at `samples` of its instructions (0: at all of them). */
void campaign_kill_twice(struct campaign *campaign, const struct operation *operation,
			 unsigned every, unsigned samples);

/* Step through the operation, and with it standing still before each instruction let readers look.
 * ret_slowest_ns: how long the longest of these looks took. Number of looks. */
size_t campaign_watch(struct campaign *campaign, const struct operation *operation,
		      uint64_t *ret_slowest_ns);

#endif
