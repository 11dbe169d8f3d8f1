/* SPDX-License-Identifier: MIT */
/*
 * The operations that are killed: what the board looks like before each, and the call itself. Most
 * of them are about one task in the middle of its chains, with another owner's tasks in the same
 * buckets.
 */
#ifndef TESTS_OPERATION_H
#define TESTS_OPERATION_H

#include "tests/crash/engine/scene.h"

/* One operation on one scene. */
struct play {
	struct scene *scene;
	struct trackd_ref target;  /* the task that it is about */
	char id[16], owner[16];    /* of that task, or of the one that it makes */
	char new_id[16];           /* an id that is free, in the same bucket */
	struct trackd_task record; /* for imports */
	pid_t process;             /* a child that waits; 0: none */
	unsigned n_held;           /* records that it holds all the time */
	int result;
};

struct operation {
	const char *name;
	void (*prepare)(struct play *play);
	void (*run)(struct play *play);
	int expected;    /* what run leaves in play->result, when it is not killed */
	bool evicts;     /* the board is full: later creates may remove other tasks as well */
	bool gap;        /* between the old and the new record of an id there may be none */
	bool repeats;    /* after a death, without repair, the call itself succeeds */
	bool searches;   /* it looks through a long table first */
	bool reads_proc; /* its path depends on the digits of process numbers */
};

extern const struct operation operations[];
extern const unsigned n_operations;

/* Put the scene's board, which is as scene_make() left it, into the state before the operation, and
 * the clock to the time at which it runs. */
void operation_prepare(const struct operation *operation, struct scene *scene,
		       struct play *ret_play);
/* End what prepare started. */
void operation_finish(struct play *play);

const struct operation *operation_find(const char *name);

#endif
