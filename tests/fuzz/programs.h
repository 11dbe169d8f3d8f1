/* SPDX-License-Identifier: MIT */
/* Runs the real programs on a board of garbage: they may refuse it, but must end properly and
 * soon. */
#ifndef FUZZ_PROGRAMS_H
#define FUZZ_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct programs {
	char folder[128];
	char name[64];  /* of the board */
	char path[128]; /* of its file */
	char socket[160];
	char log[160];
	const char *id;            /* of a task that was on the good board */
	char fault[512];           /* what one of them did that it must not */
	unsigned n_runs, n_served; /* programs started; daemons that took the board over */
};

/* name: of a board that is not in use; the caller unlinks what is left of it. */
void programs_begin(struct programs *ret_programs, const char *name, const char *id);

/* Put these bytes into the board's file and let every trackctl verb that only reads look at it.
 * False: see fault. */
bool programs_read(struct programs *programs, const void *bytes, size_t size);

/* The same, and let the daemon start on it, work for a moment and stop. */
bool programs_serve(struct programs *programs, const void *bytes, size_t size);

#endif
