/* SPDX-License-Identifier: MIT */
/* The words of a text, one after the other, and a table that counts them. */
#ifndef DEMO_WORDS_H
#define DEMO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_MAX = 40 };

struct word {
	const char *start, *end; /* end: from where to look for the next one */
	char lower[WORD_MAX + 1];
	uint64_t hash;
};

/* The next word from word->end on: letters and digits, three bytes at least. False at the end. */
bool words_next(struct word *word);

struct count {
	char word[WORD_MAX + 1];
	uint32_t n;    /* how often */
	uint32_t page; /* where first */
};

/* Open addressing; a slot with n == 0 is free. */
struct counts {
	struct count *slots; /* owned */
	uint32_t n_slots, n_used;
};

/* The word's slot, made if it is not there; NULL: no memory. */
struct count *counts_add(struct counts *counts, const struct word *word);
/* How often a word was counted. */
uint32_t counts_of(const struct counts *counts, const struct word *word);
void counts_free(struct counts *counts);

#endif
