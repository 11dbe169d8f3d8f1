/* SPDX-License-Identifier: MIT */
/*
 * What the processing of one document says on the board, and what it learns there: a request to
 * cancel. Every loop of a stage calls report_step() once a page, sentence, chunk or batch. This is
 * all that the stages know of trackd; with a NULL report they run without a board.
 */
#ifndef DOCPROC_DOCUMENT_REPORT_H
#define DOCPROC_DOCUMENT_REPORT_H

#include "libclient/trackd.h"

struct report {
	struct trackd *trackd;
	struct trackd_ref ref;
	const char *id; /* to find the task again on a board that was made anew; may be NULL */
	bool said;      /* that the board does not take what we say */
	/* In a process without a board: where its pages and parts go instead. units is 0 for a total,
	 * total is 0 for a step. */
	void (*forward)(void *user, uint64_t total, uint64_t units);
	void *user;
};

/* Stop at once, let go of everything and return this on: somebody asked for it, or the task has been
 * ended or replaced by others, so that nobody waits for this work. */
enum { CANCELLED = -2 };

/* A stage begins. total: units that it will count, 0 if not known. 0 or CANCELLED. The board being
 * full, busy or gone is no reason to stop working; it is logged once. */
int report_stage(struct report *report, enum trackd_document_stage stage, const char *message,
		 uint64_t total);

/* How many units the stage has, once it is known. */
void report_total(struct report *report, uint64_t total);

/* So many more units are done. 0 or CANCELLED. Costs nanoseconds. */
int report_step(struct report *report, uint64_t units);

#endif
