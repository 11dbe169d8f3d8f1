/* SPDX-License-Identifier: MIT */
/* Checking a board on which a process died, and using it further. */
#ifndef TESTS_AFTERMATH_H
#define TESTS_AFTERMATH_H

#include "tests/crash/engine/image.h"
#include "tests/crash/engine/operation.h"

/*
 * Check everything that must hold for the board in play->scene, after a death between the two
 * images. This changes the board.
 */
bool aftermath_check(const struct operation *operation, struct play *play,
		     const struct image *before, const struct image *after,
		     struct image_fault *fault);

#endif
