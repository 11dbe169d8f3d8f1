/* SPDX-License-Identifier: MIT */
/*
 * Why a document could not be processed: the sentence that its owner reads in the task's error, and
 * advice for the administrator, for the log and stderr.
 */
#ifndef DOCUMENTS_FAILURE_H
#define DOCUMENTS_FAILURE_H

#include "libclient/trackd.h"

struct failure {
	char error[TRACKD_ERROR_MAX + 1];
	char advice[512]; /* "" where there is nothing to add */
};

/* What calls return that have filled a failure in. */
enum { FAILED = -1 };

/* Fill in the error and clear the advice. Returns FAILED. */
__attribute__((format(printf, 2, 3))) int failure_set(struct failure *failure, const char *format,
						      ...);

/* Add advice. Returns FAILED. */
__attribute__((format(printf, 2, 3))) int failure_advise(struct failure *failure,
							 const char *format, ...);

/* The error and the advice as one note on stderr. */
void failure_tell(const struct failure *failure);

#endif
