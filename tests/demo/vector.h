/* SPDX-License-Identifier: MIT */
/*
 * What a piece of text is about, as a vector: each word, pair of words and run of three letters
 * throws a row of random signs, drawn from its hash, onto all dimensions. Pieces that share words
 * point the same way. No model is needed, and the work is real.
 */
#ifndef DEMO_VECTOR_H
#define DEMO_VECTOR_H

#include <stddef.h>
#include <stdint.h>

enum { VECTOR_SIZE = 8192 };

struct vector {
	int8_t at[VECTOR_SIZE];
};

void vector_make(struct vector *ret_vector, const char *text, size_t length);
/* -1 to 1. */
double vector_likeness(const struct vector *one, const struct vector *other);

#endif
