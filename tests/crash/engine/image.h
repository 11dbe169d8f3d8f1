/* SPDX-License-Identifier: MIT */
/*
 * What readers see of a board, and whether it is what may be seen in the middle of an operation:
 * every record is, in all its fields, the one before the operation or the one after it; nothing
 * that is there before and after is ever missed; nothing is met twice.
 */
#ifndef TESTS_IMAGE_H
#define TESTS_IMAGE_H

#include "tests/crash/engine/scene.h"
#include <stdbool.h>

struct image {
	struct trackd_task tasks[SCENE_CAPACITY + 1];
	unsigned n;
	char may_miss[16]; /* an id that is not always there in between; "": none */
};

/* What is wrong, in words; empty: nothing. */
struct image_fault {
	char text[400];
};

/* Say what is wrong. False, always. */
bool image_fail(struct image_fault *fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Take an image by iteration. False: a reader call failed. */
bool image_take(const struct board *board, struct image *ret_image, struct image_fault *fault);

const struct trackd_task *image_find(const struct image *image, const char *id);

/* All reader calls on a board between `before` and `after`. */
bool image_check_between(const struct board *board, const struct image *before,
			 const struct image *after, struct image_fault *fault);

/* Additionally every id has one record only: true of a repaired board. */
bool image_check_repaired(const struct board *board, const struct image *before,
			  const struct image *after, struct image_fault *fault);

#endif
