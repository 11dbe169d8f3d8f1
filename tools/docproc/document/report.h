/* SPDX-License-Identifier: MIT */
/*
 * The stages' connection to the board: it reports the progress of one document and learns of a
 * request to cancel. Every loop of a stage calls report_step() once per page, sentence, chunk or
 * batch. The stages use nothing else of trackd; with a NULL report they run without a board.
 */
#ifndef DOCPROC_DOCUMENT_REPORT_H
#define DOCPROC_DOCUMENT_REPORT_H

#include "libclient/trackd.h"

struct report {
	struct trackd *trackd;
	struct trackd_ref ref;
	const char *id; /* to find the task again on a new board; may be NULL */
	bool said;      /* a failure to report has been logged */
	/* In a process without a board: receives its pages and parts instead. units is 0 for a
	 * total, total is 0 for a step. */
	void (*forward)(void *user, uint64_t total, uint64_t units);
	void *user;
};

/* Stop at once, free everything and return this value: a user asked to cancel, or another process
 * has ended or replaced the task, so the result is not needed any more. */
enum { CANCELLED = -2 };

/* Begin a stage. total: the number of its units, 0 if unknown. 0 or CANCELLED. If the board is
 * full, busy or gone, the work goes on; that is logged once. */
int report_stage(struct report *report, enum trackd_document_stage stage, const char *message,
		 uint64_t total);

/* Set the number of units once it is known. */
void report_total(struct report *report, uint64_t total);

/* `units` more are done. 0 or CANCELLED. Costs nanoseconds. */
int report_step(struct report *report, uint64_t units);

#endif
