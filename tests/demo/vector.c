/* SPDX-License-Identifier: MIT */
/* Vectors by random projection, kept as bytes. */
#include "vector.h"
#include "words.h"
#include <math.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Add or take weight in every dimension, as 64 bits at a time of the feature's hash say. */
static void throw_row(int32_t *sums, uint64_t feature, int32_t weight)
{
	for (uint32_t i = 0; i < VECTOR_SIZE; i += 64) {
		uint64_t signs = mix(feature + i);
		for (uint32_t bit = 0; bit < 64; bit++)
			sums[i + bit] += (signs >> bit) & 1 ? weight : -weight;
	}
}

static void throw_letters(int32_t *sums, const char *word)
{
	for (size_t i = 0; word[i] && word[i + 1] && word[i + 2]; i++) {
		uint64_t run = (uint64_t)(unsigned char)word[i] << 16 |
			       (uint64_t)(unsigned char)word[i + 1] << 8 |
			       (unsigned char)word[i + 2];
		throw_row(sums, mix(run), 1);
	}
}

static void to_bytes(struct vector *vector, const int32_t *sums)
{
	int32_t highest = 1;

	for (uint32_t i = 0; i < VECTOR_SIZE; i++) {
		int32_t size = sums[i] < 0 ? -sums[i] : sums[i];
		highest = size > highest ? size : highest;
	}
	for (uint32_t i = 0; i < VECTOR_SIZE; i++)
		vector->at[i] = (int8_t)(sums[i] * 127 / highest);
}

void vector_make(struct vector *ret_vector, const char *text, size_t length)
{
	int32_t sums[VECTOR_SIZE] = { 0 };
	struct word word = { .end = text };
	uint64_t before = 0;

	while (words_next(&word) && word.start < text + length) {
		throw_row(sums, mix(word.hash), 4);
		if (before != 0)
			throw_row(sums, mix(before + 3 * word.hash), 2);
		throw_letters(sums, word.lower);
		before = word.hash;
	}
	to_bytes(ret_vector, sums);
}

double vector_likeness(const struct vector *one, const struct vector *other)
{
	int32_t product = 0, mine = 0, its = 0;

	for (uint32_t i = 0; i < VECTOR_SIZE; i++) {
		product += one->at[i] * other->at[i];
		mine += one->at[i] * one->at[i];
		its += other->at[i] * other->at[i];
	}
	return mine && its ? product / sqrt((double)mine * its) : 0;
}
