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

#include "image.h"
#include "operation.h"
#include "tracer.h"

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

/* Kill at every stride-th instruction of the operation. */
void campaign_kill(struct campaign *campaign, const struct operation *operation, unsigned stride);

/* Kill at every instruction of the operation; then, for every state that this leaves, kill whoever
 * repairs it at every stride-th instruction. */
void campaign_kill_twice(struct campaign *campaign, const struct operation *operation,
			 unsigned stride);

/* Step through the operation, and with it standing still before each instruction let readers look.
 * ret_slowest_ns: how long the longest of these looks took. Number of looks. */
size_t campaign_watch(struct campaign *campaign, const struct operation *operation,
		      uint64_t *ret_slowest_ns);

#endif
