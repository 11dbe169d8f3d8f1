/* SPDX-License-Identifier: MIT */
/* Words and their counts. */
#include "words.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool words_next(struct word *word)
{
	size_t length = 0;

	do {
		const char *at = word->end;
		while (*at && !is_letter(*at))
			at++;
		if (!*at)
			return false;
		word->start = at;
		while (is_letter(*at))
			at++;
		word->end = at;
		length = (size_t)(at - word->start);
	} while (length < 3);
	if (length > WORD_MAX)
		length = WORD_MAX;
	word->hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (size_t i = 0; i < length; i++) {
		word->lower[i] = (char)tolower((unsigned char)word->start[i]);
		word->hash = (word->hash ^ (unsigned char)word->lower[i]) * UINT64_C(1099511628211);
	}
	word->lower[length] = '\0';
	return true;
}

static struct count *find(const struct counts *counts, const char *word, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (counts->n_slots - 1);

	while (counts->slots[i].n > 0 && strcmp(counts->slots[i].word, word) != 0)
		i = (i + 1) & (counts->n_slots - 1);
	return &counts->slots[i];
}

static bool grow(struct counts *counts)
{
	struct counts larger = { .n_slots = counts->n_slots ? 2 * counts->n_slots : 256,
				 .n_used = counts->n_used };

	larger.slots = calloc(larger.n_slots, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < counts->n_slots; i++) {
		struct word word = { .end = counts->slots[i].word };
		if (counts->slots[i].n > 0 && words_next(&word))
			*find(&larger, word.lower, word.hash) = counts->slots[i];
	}
	free(counts->slots);
	*counts = larger;
	return true;
}

struct count *counts_add(struct counts *counts, const struct word *word)
{
	struct count *count;

	if (4 * counts->n_used >= 3 * counts->n_slots && !grow(counts))
		return NULL;
	count = find(counts, word->lower, word->hash);
	if (count->n++ == 0) {
		memcpy(count->word, word->lower, sizeof count->word);
		counts->n_used++;
	}
	return count;
}

uint32_t counts_of(const struct counts *counts, const struct word *word)
{
	return counts->n_slots ? find(counts, word->lower, word->hash)->n : 0;
}

void counts_free(struct counts *counts)
{
	free(counts->slots);
	*counts = (struct counts){ 0 };
}
