/* SPDX-License-Identifier: MIT */
/*
 * What producers have tried and what was acknowledged, in memory that they share and that survives
 * them, so that it can be compared with the board.
 */
#ifndef STRESS_LEDGER_H
#define STRESS_LEDGER_H

#include "libclient/trackd.h"
#include <stdbool.h>
#include <stdint.h>

enum { PRODUCERS = 8, ROWS = 96, STAGES = 5 };

/* How far a task is: nothing, stage 0 to 4 plus one, its end. */
enum { ABSENT = 0, PENDING = 1, STAGE_0 = 2, FINAL = STAGE_0 + STAGES };

/* What a task must look like. One call is under way at a time: `tried` is what it would make of
 * `acked`. */
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
	uint32_t idle; /* producers that have stopped */
	uint32_t stop; /* 1: work no more; 2: and end */
};

extern struct ledger *ledger;

void ledger_id(char ret_id[32], unsigned producer, const struct row *row);
bool ledger_same(const struct snapshot *a, const struct snapshot *b);

/* Print what is wrong with a task, and count it. error: 0, or what a call has returned. */
void ledger_complain(const char *what, unsigned producer, const struct row *row, int error);

/* Complain unless the board shows what was acknowledged, or what the call that its producer died in
 * tried. */
void ledger_compare(struct trackd *trackd, unsigned producer, const struct row *row, bool in_doubt);
/* The task of a killed producer: failed with what it had done, unless it was final or pending. */
void ledger_compare_failed(struct trackd *trackd, unsigned producer, const struct row *row);

#endif
