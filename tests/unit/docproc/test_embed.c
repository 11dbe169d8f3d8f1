/* SPDX-License-Identifier: MIT */
/*
 * The built-in vectors: the same bytes everywhere, of length 1, nearer for texts that share words
 * or forms of words, blind to case and accents, deaf to stop words.
 */
#include "tests/harness/suite.h"
#include "tests/unit/docproc/progress.h"
#include "tools/docproc/embed/embed.h"
#include "tools/docproc/embed/feature_hash.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static struct embedder *embedder;
static struct failure failure;

static int set_up(void **state)
{
	static const struct endpoint_config none;

	(void)state;
	progress_reset();
	return embedder_open(&none, 0, &embedder, &failure);
}

static int tear_down(void **state)
{
	(void)state;
	embedder_close(embedder);
	return 0;
}

static float *embed(const char *const *texts, size_t n)
{
	float *vectors = NULL;

	assert_int_equal(embedder_embed(embedder, texts, n, NULL, &vectors, &failure), 0);
	return vectors;
}

static double likeness(const char *one, const char *other)
{
	const char *texts[] = { one, other };
	float *vectors = embed(texts, 2);
	double cosine = features_cosine(vectors, vectors + FEATURE_HASH_SIZE, FEATURE_HASH_SIZE);

	free(vectors);
	return cosine;
}

/* ---- Tests -------------------------------------------------------------- */

static void it_says_what_it_is(void **state)
{
	(void)state;
	assert_string_equal(embedder_provider(embedder), "builtin-1");
	assert_int_equal(embedder_dimension(embedder), FEATURE_HASH_SIZE);
}

static void vectors_have_length_one_and_empty_texts_are_zero(void **state)
{
	static const char *const texts[] = { "A task is a record.", "", "x", " ... --- ",
					     "日本語" };
	static const double lengths[] = { 1, 0, 1, 0, 1 };
	float *vectors = embed(texts, 5);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		const float *vector = vectors + i * FEATURE_HASH_SIZE;
		double length = sqrt(features_cosine(vector, vector, FEATURE_HASH_SIZE));
		assert_true(fabs(length - lengths[i]) < 1e-5);
	}
	free(vectors);
	assert_int_equal(done, 5);
}

/* A store keeps vectors for years and moves between machines: changing these numbers requires a new
 * provider name. */
static void the_bytes_are_the_same_for_ever(void **state)
{
	static const char *const texts[] = {
		("The board keeps all tasks of a host in shared memory; the readers take no lock."),
		"Größe und Straße: ÆØÅ, naïve café, Ελληνικά, РУССКИЙ, עברית, العربية 3.14",
		("word word word word word word word word word word word word word word word word "
		 "word"),
	};
	float *vectors = embed(texts, 3);
	uint8_t bytes[3 * FEATURE_HASH_SIZE * 4];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		uint32_t bits;
		memcpy(&bits, &vectors[i / 4], 4);
		bytes[i] = (uint8_t)(bits >> 8 * (i % 4));
	}
	free(vectors);
	assert_int_equal(XXH64(bytes, sizeof bytes, 0), UINT64_C(0x80ebaab1d9498cb4));
}

static void case_accents_and_spelling_do_not_matter(void **state)
{
	static const char *const pairs[][2] = {
		{ "Café Zürich", "cafe zurich" },
		{ "STRASSE", "Straße" },
		{ "cafe\xcc\x81", "caf\xc3\xa9" },
		{ "ΑΘΉΝΑ", "αθηνα" },
		{ "Ångström", "ANGSTROM" },
		{ "Łódź", "lodz" },
		{ "שָׁלוֹם", "שלום" },
		{ "ﬁle", "file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		double cosine = likeness(pairs[i][0], pairs[i][1]);
		if (cosine < 0.9999)
			fail_msg("%s and %s: %f", pairs[i][0], pairs[i][1], cosine);
	}
}

static void texts_that_share_words_are_nearer(void **state)
{
	const char *query = "how are crashed workers detected";

	(void)state;
	assert_true(
		likeness(query, "A worker that has crashed is detected by the kernel at once.") >
		likeness(query, "The recipe needs two eggs, some flour and a pinch of salt.") +
			0.2);
	/* Forms of a word. */
	assert_true(likeness("indexing documents", "the document index") > 0.3);
	/* Every word alike, no word shared. */
	assert_true(fabs(likeness("apple orchard", "submarine torpedo")) < 0.2);
	assert_true(likeness("数据库的索引", "索引数据库") > 0.5);
}

static void stop_words_weigh_little(void **state)
{
	(void)state;
	assert_true(likeness("the lock of the board", "lock board") > 0.95);
	assert_true(likeness("it is what was there in all of them", "it was in Paris") < 0.5);
	/* But a query of nothing else is no zero. */
	assert_true(likeness("to be or not to be", "to be or not to be") > 0.99);
}

static void repetition_weighs_less_and_less(void **state)
{
	char many[4096] = "zebra";

	(void)state;
	for (size_t i = 0; i < 100; i++)
		memcpy(many + 5 + 6 * i, " zebra", 7);
	memcpy(many + strlen(many), " giraffe", 9);
	/* Linear, giraffe would be a hundredth: 0.01. */
	assert_true(likeness(many, "giraffe") > 0.1);
}

static void what_is_not_utf8_is_survived(void **state)
{
	static const char *const texts[] = { "a\xff\xfe\x80 b\xc0\x80", "\xed\xa0\x80",
					     "\xf0\x9f" };
	float *vectors = embed(texts, 3);

	(void)state;
	for (size_t i = 0; i < (size_t)3 * FEATURE_HASH_SIZE; i++)
		assert_true(isfinite(vectors[i]));
	free(vectors);
}

static void of_a_huge_text_the_beginning_counts(void **state)
{
	size_t size = FEATURES_BYTES_MAX + 1000;
	char *text = malloc(size + 1);
	const char *texts[2] = { text, NULL };

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = i % 7 == 6 ? ' ' : (char)('a' + i * i % 23);
	text[size] = '\0';
	char *start = strndup(text, FEATURES_BYTES_MAX);
	texts[1] = start;
	float *vectors = embed(texts, 2);
	assert_memory_equal(vectors, vectors + FEATURE_HASH_SIZE,
			    FEATURE_HASH_SIZE * sizeof *vectors);
	free(vectors);
	free(start);
	free(text);
}

static void a_cancel_stops_between_texts(void **state)
{
	static const char *const texts[] = { "one", "two", "three", "four" };
	float *vectors = NULL;

	(void)state;
	cancel_at = 2;
	assert_int_equal(embedder_embed(embedder, texts, 4, NULL, &vectors, &failure), CANCELLED);
	assert_int_equal(done, 2);
	assert_null(vectors);
}

static void no_texts_are_no_vectors(void **state)
{
	float *vectors = embed(NULL, 0);

	(void)state;
	assert_non_null(vectors);
	free(vectors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(it_says_what_it_is),
	TEST(vectors_have_length_one_and_empty_texts_are_zero),
	TEST(the_bytes_are_the_same_for_ever),
	TEST(case_accents_and_spelling_do_not_matter),
	TEST(texts_that_share_words_are_nearer),
	TEST(stop_words_weigh_little),
	TEST(repetition_weighs_less_and_less),
	TEST(what_is_not_utf8_is_survived),
	TEST(of_a_huge_text_the_beginning_counts),
	TEST(a_cancel_stops_between_texts),
	TEST(no_texts_are_no_vectors),
};

SUITE(tests)
