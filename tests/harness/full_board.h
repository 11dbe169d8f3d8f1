/* SPDX-License-Identifier: MIT */
/*
 * A test's own board that comes to be full: 16 tasks, of which some end, expire or are taken away.
 * Its hash seed is always the same, so that a new task never needs the stripe that a test holds.
 *
 *	FULL_BOARD(a_victim_that_is_held_is_passed_over),
 */
#ifndef TESTS_FULL_BOARD_H
#define TESTS_FULL_BOARD_H

#include "tests/harness/own_board.h"

enum { FULL_CAPACITY = 16 };

#define FULL_BOARD(test) OWN_BOARD_PREPARED(test, FULL_CAPACITY, full_prepare)

void full_prepare(void);

/* Nobody's tasks, "task-0" and so on, until it is full. */
extern struct trackd_ref full_refs[FULL_CAPACITY];
void full_fill(void);

/* Make a new task, or replace one, without waiting for anybody. */
int full_create(const char *id, struct trackd_ref *ret_ref);
int full_replace(const char *id, const char *owner, struct trackd_ref *ret_ref);

/* Wait until it has expired. */
void full_wait_past(struct trackd_ref ref);

/* Claim a slot, for client_holding(). */
int full_claim(void *unused);
/* A client that stands still while it holds this mutex. */
pid_t full_hold(union layout_mutex *mutex);

#endif
