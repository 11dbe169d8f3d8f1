/* SPDX-License-Identifier: MIT */
/*
 * A private board without a name, created before each test and freed after it. A table row names
 * its capacity (suite.h):
 *
 *	OWN_BOARD(a_live_id_is_refused, 16),
 *	OWN_BOARD_PREPARED(a_victim_that_is_held_is_passed_over, 16, fill),
 *
 * The calls below use it as producers do, with a worker that is not a process. They call
 * harness_die() on failure unless they return an error.
 */
#ifndef TESTS_OWN_BOARD_H
#define TESTS_OWN_BOARD_H

#include "tests/harness/harness.h"
#include "tests/harness/suite.h"

enum { OWN_WORKER = 7 };

extern struct board own_board;

struct own_board_needs {
	uint32_t capacity;
	void (*prepare)(void); /* called after creation; may be NULL */
};

#define OWN_BOARD(test, capacity) OWN_BOARD_PREPARED(test, capacity, NULL)
#define OWN_BOARD_PREPARED(test, capacity, prepare)                                                \
	cmocka_unit_test_prestate_setup_teardown(test, own_board_format, own_board_unmap,          \
						 &((struct own_board_needs){ capacity, prepare }))

int own_board_format(void **state);
int own_board_unmap(void **state);

/* ---- Tasks -------------------------------------------------------------- */

/* Create a pending task; owner: NULL for none. harness_die() on failure. */
struct trackd_ref own_create(const char *id, const char *owner);
/* The same, in this slot. */
struct trackd_ref own_create_in(uint32_t slot, const char *id, const char *owner);
/* The same, but returns an error; name and message are empty. */
int own_new(const char *id, const char *owner, bool replace, uint64_t deadline,
	    struct trackd_ref *ret_ref);
/* A task with these times to live; 0: the board's. */
struct trackd_ref own_create_for(const char *id, uint32_t ttl_ms, uint32_t active_ttl_ms);
/* Create tasks "task-0" and so on of one owner. */
void own_fill(struct trackd_ref *ret_refs, uint32_t n, const char *owner);

int own_update(struct trackd_ref ref, int stage);
/* A failed task gets an error text. */
int own_end(struct trackd_ref ref, enum trackd_state state);
void own_complete(struct trackd_ref ref);
void own_remove(struct trackd_ref ref);
void own_remove_all(void);

/* The n-th id that falls into a bucket. */
void own_id_in(uint32_t bucket, unsigned n, char ret_id[32]);

/* ---- Reading ------------------------------------------------------------ */

struct trackd_task own_task(struct trackd_ref ref);
struct trackd_view own_view(struct trackd_ref ref);
bool own_is_live(struct trackd_ref ref);
uint32_t own_count_live(void);

#endif
