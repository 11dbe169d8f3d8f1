/* SPDX-License-Identifier: MIT */
/*
 * The operations that are killed: the state of the board before each, and the call. Most of them
 * concern one task in the middle of its chains, with another owner's tasks in the same buckets.
 */
#ifndef TESTS_OPERATION_H
#define TESTS_OPERATION_H

#include "tests/crash/engine/scene.h"

/* One operation on one scene. */
struct play {
	struct scene *scene;
	struct trackd_ref target;  /* the task that the operation concerns */
	char id[16], owner[16];    /* of that task, or of the one that the operation creates */
	char new_id[16];           /* an unused id in the same bucket */
	char parent[16];           /* a task of the same owner that is older; "": none */
	struct trackd_task record; /* for imports */
	pid_t process;             /* a child that waits; 0: none */
	unsigned n_held;           /* records whose locks it holds all the time */
	int result;
};

struct operation {
	const char *name;
	void (*prepare)(struct play *play);
	void (*run)(struct play *play);
	int expected;      /* play->result of a run that is not killed */
	bool evicts;       /* the board is full: later creates may evict other tasks too */
	bool gap;          /* the id may be missing between its old and new record */
	bool counts_twice; /* it changes a parent's counts more than once */
	bool repeats;      /* after a death the call can be repeated without repair */
	bool searches;     /* it searches a long table first */
	bool reads_proc;   /* its path depends on the digits of process numbers */
};

extern const struct operation operations[];
extern const unsigned n_operations;

/* Bring the scene's board from its initial state (scene_make()) to the state before the operation,
 * and set the clock to the time of the operation. */
void operation_prepare(const struct operation *operation, struct scene *scene,
		       struct play *ret_play);
/* End the processes that prepare started. */
void operation_finish(struct play *play);

const struct operation *operation_find(const char *name);

#endif
