/* SPDX-License-Identifier: MIT */
/*
 * One document through the five stages of kind "document". Each stage counts its work on the board
 * as it is done: pages, pieces, words, sentences.
 */
#ifndef DEMO_STAGES_H
#define DEMO_STAGES_H

#include "trackd.h"

struct job {
	struct trackd *trackd;
	struct trackd_ref ref;
	const char *id, *path, *title;
	const char *index; /* folder */
};

/* Do the work and end the task: completed, failed with what went wrong, or cancelled if somebody
 * asked. Returns 0, or an error of the board's. */
int stages_run(const struct job *job);

#endif
