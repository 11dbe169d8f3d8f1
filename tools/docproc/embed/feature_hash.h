/* SPDX-License-Identifier: MIT */
/*
 * Signed feature hashing (Weinberger, Dasgupta, Langford, Smola and Attenberg, ICML 2009) of a
 * text's words and of each word's character trigrams. The same text gives the same bytes on every
 * machine with the same ICU: all sums are of integers, and the final square root and division are
 * rounded the same way everywhere by IEEE 754.
 */
#ifndef DOCPROC_EMBED_FEATURE_HASH_H
#define DOCPROC_EMBED_FEATURE_HASH_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FEATURE_HASH_SIZE = 384,      /* dimensions of a vector */
	FEATURES_BYTES_MAX = 1 << 20, /* longer texts are truncated */
};

struct features;

struct features *features_open(void); /* NULL: no memory, or ICU has no data */
void features_close(struct features *features);

/* Length 1, or zero for a text without a word. False: no memory. */
bool features_vector(struct features *features, const char *text, size_t length,
		     float ret_vector[FEATURE_HASH_SIZE]);

/* The dot product of two vectors: their cosine, if both have length 1. */
double features_cosine(const float *one, const float *other, size_t dimension);

/* Scale to length 1; a zero vector stays zero. */
void features_normalise(float *vector, size_t dimension);

#endif
