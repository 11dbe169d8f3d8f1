/* SPDX-License-Identifier: MIT */
/* LexRank: which sentences are most like many others that are like many others. */
#ifndef DOCPROC_SUMMARY_LEXRANK_H
#define DOCPROC_SUMMARY_LEXRANK_H

#include "tools/docproc/document/report.h"
#include <stddef.h>

/* The graph holds a bit for each pair of sentences, and the time goes with their number squared. */
enum { LEXRANK_MAX = 2000 };

/* Scores of n sentences, at most LEXRANK_MAX, that sum up to 1, from their vectors. 0, -ENOMEM,
 * CANCELLED. */
int lexrank(const float *vectors, size_t n, size_t dimension, struct report *report,
	    double *ret_scores);

#endif
