/* SPDX-License-Identifier: MIT */
/*
 * The board as readers see it, and whether that is allowed in the middle of an operation: every
 * record equals, in all its fields, the one before or the one after the operation; no record that
 * exists before and after is missed; none is returned twice.
 */
#ifndef TESTS_IMAGE_H
#define TESTS_IMAGE_H

#include "tests/crash/engine/scene.h"
#include <stdbool.h>

struct image {
	struct trackd_task tasks[SCENE_CAPACITY + 1];
	unsigned n;
	bool counts_twice; /* a parent loses one child and gets another, one after the other */
	char may_miss[16]; /* an id that may be missing in between; "": none */
};

/* A description of a fault; empty: none. */
struct image_fault {
	char text[400];
};

/* Say what is wrong. False, always. */
bool image_fail(struct image_fault *fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Take an image by iteration. False: a reader call failed. */
bool image_take(const struct board *board, struct image *ret_image, struct image_fault *fault);

const struct trackd_task *image_find(const struct image *image, const char *id);

/* Check the results of all reader calls on a board between `before` and `after`. */
bool image_check_between(const struct board *board, const struct image *before,
			 const struct image *after, struct image_fault *fault);

/* The same, and on a repaired board every id has only one record. */
bool image_check_repaired(const struct board *board, const struct image *before,
			  const struct image *after, struct image_fault *fault);

#endif
