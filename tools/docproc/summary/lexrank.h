/* SPDX-License-Identifier: MIT */
/* LexRank: finds the sentences most similar to many others that are themselves central. */
#ifndef DOCPROC_SUMMARY_LEXRANK_H
#define DOCPROC_SUMMARY_LEXRANK_H

#include "tools/docproc/document/report.h"
#include <stddef.h>

/* The graph has one bit per pair of sentences, and the time grows with the square of their
 * number. */
enum { LEXRANK_MAX = 2000 };

/* Compute scores of n sentences, at most LEXRANK_MAX, from their vectors; they sum up to 1. 0,
 * -ENOMEM, CANCELLED. */
int lexrank(const float *vectors, size_t n, size_t dimension, struct report *report,
	    double *ret_scores);

#endif
