/* SPDX-License-Identifier: MIT */
/*
 * Why a document could not be processed: a sentence for its owner, in the task's error, and advice
 * for the administrator, in the log and on stderr.
 */
#ifndef DOCUMENTS_FAILURE_H
#define DOCUMENTS_FAILURE_H

#include "libclient/trackd.h"

struct failure {
	char error[TRACKD_ERROR_MAX + 1];
	char advice[512]; /* "" if there is none */
};

/* Returned by functions that have filled in a failure. */
enum { FAILED = -1 };

/* Fill in the error and clear the advice. Returns FAILED. */
__attribute__((format(printf, 2, 3))) int failure_set(struct failure *failure, const char *format,
						      ...);

/* Add advice. Returns FAILED. */
__attribute__((format(printf, 2, 3))) int failure_advise(struct failure *failure,
							 const char *format, ...);

/* Print the error and the advice on stderr, as one message. */
void failure_tell(const struct failure *failure);

#endif
