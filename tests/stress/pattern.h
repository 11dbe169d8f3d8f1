/* SPDX-License-Identifier: MIT */
/*
 * Data of the stress tests: messages that show whether they are complete and with which stage they
 * were published; totals that only these tests set; random numbers.
 */
#ifndef STRESS_PATTERN_H
#define STRESS_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_SIZE = 192, PATTERN_FACTOR = 7919 };

static inline uint64_t pattern_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* "<stage>:<number in hex>:" followed by one repeated letter; the number determines letter and
 * length. */
static inline void pattern_make(char text[PATTERN_SIZE], int stage, uint32_t number)
{
	int n = snprintf(text, PATTERN_SIZE, "%d:%08x:", stage, number);
	size_t length = number % 150;

	memset(text + n, 'a' + (int)(number >> 8) % 26, length);
	text[(size_t)n + length] = '\0';
}

/* Whether a message is complete and was published together with this stage. */
static inline bool pattern_whole(const char *text, int stage)
{
	char expected[PATTERN_SIZE], *end;
	long said = strtol(text, &end, 10);

	if (*end != ':' || said != stage)
		return false;
	pattern_make(expected, stage, (uint32_t)strtoul(end + 1, NULL, 16));
	return strcmp(text, expected) == 0;
}

/* The number after a prefix, as in "stable-17"; -1 if the id does not have this form. */
static inline long pattern_number(const char *id, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(id, prefix, length) == 0 ? strtol(id + length, NULL, 10) : -1;
}

#endif
