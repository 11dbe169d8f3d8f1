/* SPDX-License-Identifier: MIT */
/*
 * Every feature has a weight, and a dimension and a sign from its hash; it counts with 1 +
 * ln(frequency). Words weigh most, because users search for words; trigrams match forms of the same
 * word ("index", "indexes", "indexing"). Stop words weigh next to nothing.
 */
#include "tools/docproc/embed/feature_hash.h"
#include "tools/docproc/document/utf8.h"
#include "tools/docproc/language/language.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utext.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Changing any of these requires a new provider name in embed.c. */
enum {
	WORD_SEED = 1,
	TRIGRAM_SEED = 2,
	WORD_WEIGHT = 256,
	TRIGRAM_WEIGHT = 256, /* for all trigrams of a word together: they share its square */
	STOP_WEIGHT = 16,
	WORD_CHARACTERS = 64, /* longer words are truncated */
};

struct feature {
	uint64_t hash;
	int32_t weight;
};

struct features {
	UBreakIterator *words;
	UText text;
	const UNormalizer2 *nfkd;
	struct feature *list;
	size_t n, room;
};

struct features *features_open(void)
{
	struct features *features = calloc(1, sizeof *features);
	UErrorCode error = U_ZERO_ERROR;

	if (!features)
		return NULL;
	features->text = (UText)UTEXT_INITIALIZER;
	features->words = ubrk_open(UBRK_WORD, "", NULL, 0, &error);
	features->nfkd = unorm2_getNFKDInstance(&error);
	if (U_SUCCESS(error))
		return features;
	features_close(features);
	return NULL;
}

void features_close(struct features *features)
{
	if (!features)
		return;
	if (features->words)
		ubrk_close(features->words);
	utext_close(&features->text);
	free(features->list);
	free(features);
}

/* ---- Words -------------------------------------------------------------- */

struct word {
	UChar32 letters[WORD_CHARACTERS + 2]; /* folded, with a space before and after */
	size_t n;
	bool stop;
};

static void add_letter(struct word *word, UChar32 c)
{
	if (word->n <= WORD_CHARACTERS)
		word->letters[word->n++] = c;
}

/* Accents of Latin, Greek and Cyrillic letters; the vowels of Hebrew and Arabic. In other scripts,
 * marks distinguish words. */
static bool is_accent(UChar32 c)
{
	return (c >= 0x0300 && c <= 0x036f) || (c >= 0x0591 && c <= 0x05c7) ||
	       (c >= 0x064b && c <= 0x065f) || c == 0x0670 || c == 0x0640;
}

/* Letters that Unicode does not decompose, but that readers treat as a base with an accent. */
static const char *spelt(UChar32 c)
{
	switch (c) {
	case 0x00df:
		return "ss";
	case 0x00e6:
		return "ae";
	case 0x0153:
		return "oe";
	case 0x00f8:
		return "o";
	case 0x0111:
		return "d";
	case 0x0142:
		return "l";
	case 0x0131:
		return "i";
	case 0x2019:
		return "'";
	}
	return NULL;
}

static void fold(const struct features *features, struct word *word, UChar32 c)
{
	UChar parts[20];
	UErrorCode error = U_ZERO_ERROR;
	int32_t n = -1;
	const char *spelling = spelt(c);

	for (; spelling && *spelling; spelling++)
		add_letter(word, *spelling);
	if (spelt(c) || c < 0 || is_accent(c))
		return;
	/* Hangul would decompose into its letters, whose trigrams say less. */
	if (c >= 0x80 && !(c >= 0xac00 && c <= 0xd7a3))
		n = unorm2_getDecomposition(features->nfkd, c, parts, 20, &error);
	if (n < 0 || U_FAILURE(error)) {
		add_letter(word, c);
		return;
	}
	for (int32_t i = 0; i < n;) {
		c = u_foldCase(utf16_next(parts, &i, n), U_FOLD_CASE_DEFAULT);
		if (!is_accent(c))
			add_letter(word, c);
	}
}

static void read_word(const struct features *features, const char *text, size_t length,
		      struct word *ret_word)
{
	char lower[(size_t)WORD_CHARACTERS * U8_MAX_LENGTH + U8_MAX_LENGTH];
	size_t n = 0;

	*ret_word = (struct word){ .letters = { ' ' }, .n = 1 };
	for (int32_t at = 0; at < (int32_t)length && ret_word->n <= WORD_CHARACTERS;) {
		UChar32 c = u_foldCase(utf8_next(text, &at, (int32_t)length), U_FOLD_CASE_DEFAULT);
		if (c < 0)
			continue;
		if (n + U8_MAX_LENGTH <= sizeof lower)
			n += (size_t)utf8_put(lower + n, c);
		fold(features, ret_word, c);
	}
	ret_word->stop = language_stop_word(lower, n);
	ret_word->letters[ret_word->n++] = ' ';
}

/* ---- Features ----------------------------------------------------------- */

/* Hash 32-bit little-endian code points, so that every machine hashes the same bytes. */
static uint64_t hash_letters(const UChar32 *letters, size_t n, uint64_t seed)
{
	uint8_t bytes[(size_t)4 * WORD_CHARACTERS];

	for (size_t i = 0; i < 4 * n; i++)
		bytes[i] = (uint8_t)((uint32_t)letters[i / 4] >> 8 * (i % 4));
	return XXH64(bytes, 4 * n, seed);
}

static bool add_feature(struct features *features, uint64_t hash, int32_t weight)
{
	if (features->n == features->room) {
		size_t room = features->room ? 2 * features->room : 1024;
		struct feature *list = realloc(features->list, room * sizeof *list);
		if (!list)
			return false;
		features->list = list;
		features->room = room;
	}
	features->list[features->n++] = (struct feature){ hash, weight };
	return true;
}

static int32_t square_root(int32_t of)
{
	int32_t root = 1;

	while ((root + 1) * (root + 1) <= of)
		root++;
	return root;
}

static bool add_word(struct features *features, const struct word *word)
{
	size_t n = word->n - 2; /* without the spaces */
	int32_t weight = word->stop ? STOP_WEIGHT : WORD_WEIGHT;

	if (n == 0)
		return true;
	if (!add_feature(features, hash_letters(word->letters + 1, n, WORD_SEED), weight))
		return false;
	if (word->stop)
		return true;
	/* Each of the n trigrams has 1/sqrt(n) of the weight. */
	weight = TRIGRAM_WEIGHT * 16 / square_root((int32_t)n * 256);
	for (size_t i = 0; i < n; i++) {
		uint64_t hash = hash_letters(word->letters + i, 3, TRIGRAM_SEED);
		if (!add_feature(features, hash, weight))
			return false;
	}
	return true;
}

static bool collect(struct features *features, const char *text, size_t length)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t start = 0, end;
	struct word word;

	features->n = 0;
	utext_openUTF8(&features->text, text, (int64_t)length, &error);
	ubrk_setUText(features->words, &features->text, &error);
	if (U_FAILURE(error))
		return false;
	for (ubrk_first(features->words); (end = ubrk_next(features->words)) != UBRK_DONE;
	     start = end) {
		if (ubrk_getRuleStatus(features->words) < UBRK_WORD_NUMBER)
			continue;
		read_word(features, text + start, (size_t)(end - start), &word);
		if (!add_word(features, &word))
			return false;
	}
	return true;
}

/* ---- Vectors ------------------------------------------------------------ */

static int by_hash(const void *one, const void *other)
{
	const struct feature *a = one, *b = other;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->weight < b->weight ? -1 : a->weight > b->weight;
}

/* 256 * (1 + ln n), from a table and ln(2n) = ln(2) + ln(n). */
static int64_t sublinear(size_t n)
{
	static const int16_t table[] = { 0,   256, 433, 537, 611, 668, 715, 754,
					 788, 818, 845, 870, 892, 913, 932, 949 };
	int64_t more = 0;

	while (n >= sizeof table / sizeof table[0]) {
		n /= 2;
		more += 177;
	}
	return table[n] + more;
}

static void sum(const struct features *features, int64_t sums[FEATURE_HASH_SIZE])
{
	const struct feature *list = features->list;

	for (size_t i = 0, next; i < features->n; i = next) {
		uint64_t hash = list[i].hash;
		for (next = i + 1; next < features->n && list[next].hash == hash;)
			next++;
		int64_t value = sublinear(next - i) * list[i].weight;
		/* The upper half chooses the dimension, the lowest bit the sign. */
		size_t dimension = (hash >> 32) * FEATURE_HASH_SIZE >> 32;
		sums[dimension] += hash & 1 ? value : -value;
	}
}

bool features_vector(struct features *features, const char *text, size_t length,
		     float ret_vector[FEATURE_HASH_SIZE])
{
	int64_t sums[FEATURE_HASH_SIZE] = { 0 };
	double squares =
		0; /* a sum of integers below 2^53: exact, unless a crafted text overflows it */

	if (length > FEATURES_BYTES_MAX)
		length = (size_t)utf8_floor(text, FEATURES_BYTES_MAX);
	if (!collect(features, text, length))
		return false;
	if (features->n > 0)
		qsort(features->list, features->n, sizeof *features->list, by_hash);
	sum(features, sums);
	for (size_t i = 0; i < FEATURE_HASH_SIZE; i++)
		squares += (double)sums[i] * (double)sums[i];
	for (size_t i = 0; i < FEATURE_HASH_SIZE; i++)
		ret_vector[i] = squares > 0 ? (float)((double)sums[i] / sqrt(squares)) : 0.0F;
	return true;
}

/* Four sums in a fixed order, which the compiler may vectorize. */
double features_cosine(const float *one, const float *other, size_t dimension)
{
	float sums[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= dimension; i += 4) {
		for (size_t j = 0; j < 4; j++)
			sums[j] += one[i + j] * other[i + j];
	}
	for (; i < dimension; i++)
		sums[0] += one[i] * other[i];
	return (double)((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

void features_normalise(float *vector, size_t dimension)
{
	double squares = 0;

	for (size_t i = 0; i < dimension; i++)
		squares += (double)vector[i] * (double)vector[i];
	for (size_t i = 0; i < dimension && squares > 0; i++)
		vector[i] = (float)((double)vector[i] / sqrt(squares));
}
