/* SPDX-License-Identifier: MIT */
/* Checking a board on which a process died, and going on with it. */
#ifndef TESTS_AFTERMATH_H
#define TESTS_AFTERMATH_H

#include "tests/crash/engine/image.h"
#include "tests/crash/engine/operation.h"

/*
 * Everything that must hold of the board that play->scene holds now, after a death between the two
 * images. The board is used up by it.
 */
bool aftermath_check(const struct operation *operation, struct play *play,
		     const struct image *before, const struct image *after,
		     struct image_fault *fault);

#endif
