/* SPDX-License-Identifier: MIT */
/*
 * Running a function in a child, one instruction at a time or up to a given instruction. The child
 * is a fork of this process, so its code has the same addresses. Both are pinned to one processor,
 * which makes the stops ten times faster.
 */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef void (*tracer_function)(void *argument);

/* A point of a run: before the hit-th execution of the instruction at pc. A repeated string
 * instruction is one execution of several steps; `extra` counts them. */
struct tracer_point {
	uint64_t pc;
	uint32_t hit, extra;
};

struct tracer_path {
	struct tracer_point *points;
	size_t n;
};

/* Why tracing is not possible here, for example on an emulator; NULL: it is possible. */
const char *tracer_impossible(void);

/* Called before each instruction, while the child is stopped; false ends the run. */
typedef bool (*tracer_look)(void *argument, size_t n, uint64_t pc);

/* Step through function(argument) from its first instruction to its return. look may be NULL. */
void tracer_step(tracer_function function, void *argument, tracer_look look, void *look_argument,
		 struct tracer_path *ret_path);
void tracer_path_free(struct tracer_path *path);

/* Run function(argument) in a child up to the point and kill it there with SIGKILL; it is dead when
 * this returns. False: the function ended before the point. */
bool tracer_kill_at(tracer_function function, void *argument, const struct tracer_point *point);

/* Run function(argument) in a child up to the point, call meanwhile() while it is stopped there,
 * and let it run to its end. False: the function ended before the point. */
bool tracer_pause_at(tracer_function function, void *argument, const struct tracer_point *point,
		     tracer_function meanwhile, void *meanwhile_argument);

/* An address as the offset within its file, for addr2line. */
void tracer_name(uint64_t pc, char *ret_name, size_t size);

#endif
