/* SPDX-License-Identifier: MIT */
/*
 * A private board that a test fills: 16 tasks, some of which end, expire or are removed. Its hash
 * seed is fixed, so that a new task never needs the stripe that a test holds.
 *
 *	FULL_BOARD(a_victim_that_is_held_is_passed_over),
 */
#ifndef TESTS_FULL_BOARD_H
#define TESTS_FULL_BOARD_H

#include "tests/harness/own_board.h"

enum { FULL_CAPACITY = 16 };

#define FULL_BOARD(test) OWN_BOARD_PREPARED(test, FULL_CAPACITY, full_prepare)

void full_prepare(void);

/* Fill the board with tasks without an owner, "task-0" and so on. */
extern struct trackd_ref full_refs[FULL_CAPACITY];
void full_fill(void);

/* Create or replace a task without waiting for locks. */
int full_create(const char *id, struct trackd_ref *ret_ref);
int full_replace(const char *id, const char *owner, struct trackd_ref *ret_ref);

/* Wait until the task has expired. */
void full_wait_past(struct trackd_ref ref);

/* Claim a slot, for client_holding(). */
int full_claim(void *unused);
/* A client that is stopped while it holds this mutex. */
pid_t full_hold(union layout_mutex *mutex);

#endif
