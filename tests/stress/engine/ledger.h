/* SPDX-License-Identifier: MIT */
/*
 * The intended and the acknowledged states of producers' tasks, in shared memory that survives the
 * producers, to be compared with the board.
 */
#ifndef STRESS_LEDGER_H
#define STRESS_LEDGER_H

#include "libclient/trackd.h"
#include <stdbool.h>
#include <stdint.h>

enum { PRODUCERS = 8, ROWS = 96, STAGES = 5 };

/* The phase of a task: none, pending, stage 0 to 4, final. */
enum { ABSENT = 0, PENDING = 1, STAGE_0 = 2, FINAL = STAGE_0 + STAGES };

/* The expected state of a task. One call is in progress at a time: `tried` is the state after it,
 * `acked` the one before. */
struct snapshot {
	uint64_t phase, done, message;
};

struct row {
	uint64_t id; /* of the task: producer-id */
	struct trackd_ref ref;
	struct snapshot acked, tried;
};

struct ledger {
	struct row rows[PRODUCERS][ROWS];
	uint64_t last_id[PRODUCERS];
	uint64_t calls[PRODUCERS], moving[PRODUCERS], moved[PRODUCERS];
	uint64_t wrong; /* complaints; each is printed */
	uint64_t events, lapped, lost, iterations;
	uint32_t idle; /* producers that are idle */
	uint32_t stop; /* 1: stop working; 2: exit */
};

extern struct ledger *ledger;

void ledger_id(char ret_id[32], unsigned producer, const struct row *row);
bool ledger_same(const struct snapshot *a, const struct snapshot *b);

/* Print a fault of a task and count it. error: 0, or the result of a call. */
void ledger_complain(const char *what, unsigned producer, const struct row *row, int error);

/* Check that the board shows the acknowledged state, or, if its producer died in a call, possibly
 * the intended one. */
void ledger_compare(struct trackd *trackd, unsigned producer, const struct row *row, bool in_doubt);
/* Check that a killed producer's task failed with its last counts, unless it was final or
 * pending. */
void ledger_compare_failed(struct trackd *trackd, unsigned producer, const struct row *row);

#endif
