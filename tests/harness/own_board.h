/* SPDX-License-Identifier: MIT */
/*
 * A test's own board: formatted before the test, without a name, and gone after it. A table names it
 * with the capacity (suite.h):
 *
 *	OWN_BOARD(a_live_id_is_refused, 16),
 *	OWN_BOARD_PREPARED(a_victim_that_is_held_is_passed_over, 16, fill),
 *
 * The calls below act on it as producers do, with a worker that is no process, and die where they
 * cannot unless they return an error.
 */
#ifndef TESTS_OWN_BOARD_H
#define TESTS_OWN_BOARD_H

#include "tests/harness/harness.h"
#include "tests/harness/suite.h"

enum { OWN_WORKER = 7 };

extern struct board own_board;

struct own_board_needs {
	uint32_t capacity;
	void (*prepare)(void); /* once it is formatted; may be NULL */
};

#define OWN_BOARD(test, capacity) OWN_BOARD_PREPARED(test, capacity, NULL)
#define OWN_BOARD_PREPARED(test, capacity, prepare)                                                \
	cmocka_unit_test_prestate_setup_teardown(test, own_board_format, own_board_unmap,          \
						 &((struct own_board_needs){ capacity, prepare }))

int own_board_format(void **state);
int own_board_unmap(void **state);

/* ---- Tasks -------------------------------------------------------------- */

/* A pending task; owner: NULL for none. Dies where it cannot be made. */
struct trackd_ref own_create(const char *id, const char *owner);
/* The same, in this slot. */
struct trackd_ref own_create_in(uint32_t slot, const char *id, const char *owner);
/* The same, but returns an error; its name and its message are empty. */
int own_new(const char *id, const char *owner, bool replace, uint64_t deadline,
	    struct trackd_ref *ret_ref);
/* One of these lifetimes; 0: the board's. */
struct trackd_ref own_create_for(const char *id, uint32_t ttl_ms, uint32_t active_ttl_ms);
/* Tasks "task-0" and so on of one owner. */
void own_fill(struct trackd_ref *ret_refs, uint32_t n, const char *owner);

int own_update(struct trackd_ref ref, int stage);
/* A failed one has an error. */
int own_end(struct trackd_ref ref, enum trackd_state state);
void own_complete(struct trackd_ref ref);
void own_remove(struct trackd_ref ref);
void own_remove_all(void);

/* The n-th id of those that fall into a bucket. */
void own_id_in(uint32_t bucket, unsigned n, char ret_id[32]);

/* ---- Looking ------------------------------------------------------------ */

struct trackd_task own_task(struct trackd_ref ref);
struct trackd_view own_view(struct trackd_ref ref);
bool own_is_live(struct trackd_ref ref);
uint32_t own_count_live(void);

#endif
