/* SPDX-License-Identifier: MIT */
/* Searching the document store: any input is treated as words; words and vectors are ranked and
 * fused as in the paper; users find only their own documents. */
#include "tests/harness/suite.h"
#include "tests/unit/docproc/library.h"
#include "tools/docproc/search/ranking.h"
#include "tools/docproc/search/search.h"
#include <math.h>
#include <time.h>

/* Ids of the hits by words, best first, with spaces between: "one two". */
static const char *ids(struct library *library, const char *owner, const char *query)
{
	static char text[4096];
	struct search_hit *hits = NULL;
	size_t used = 0;
	int n = search(library->store, NULL, owner, query, 20, &hits, &library->failure);

	if (n < 0)
		return library->failure.error;
	text[0] = '\0';
	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 hits[i].id);
	search_free(hits, n);
	return text;
}

/* ---- What a person types ------------------------------------------------ */

static void operators_are_words(void **state)
{
	struct library *library = *state;
	static const char *const queries[] = {
		"\"",
		"\"\"",
		"granite\"",
		"AND",
		"OR OR",
		"NOT",
		"NEAR(a b, 2)",
		"granite*",
		"*",
		"^granite",
		"-granite",
		"+granite",
		"text : granite",
		"heading:x",
		"{text} : x",
		"(granite",
		")",
		"';--",
		"%",
		"_",
		"\\",
		"\x01\x7f",
		"granite\tnorth",
		"\xf0\x9f\x98\x80",
		"...",
		"spaceless",
		"chunks_fts",
		"granite AND",
		"NEAR",
		"'granite'",
	};

	library_add_text(library, "one", "alice", "The lighthouse is of granite.");
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		const char *wanted = strstr(queries[i], "granite") ? "one" : "";

		if (strcmp(ids(library, NULL, queries[i]), wanted) != 0)
			fail_msg("%s: \"%s\"", queries[i], ids(library, NULL, queries[i]));
	}
	assert_string_equal(ids(library, NULL, "\xff\xfe"), "The query is not UTF-8");
}

/* Printed, so that a failure can be had again. */
static void random_queries_never_fail(void **state)
{
	struct library *library = *state;
	static const char *const pieces[] = { "\"",    "'",       "(",    ")",         "*",
					      "^",     ":",       "-",    "{",         "}",
					      " ",     "AND ",    "OR ",  "NOT ",      "a",
					      "NEAR(", "東",      "京都", "é",         "\t",
					      "+",     "granite", ",",    "e\xcc\x81", "ก็" };
	enum { N = sizeof pieces / sizeof pieces[0] };
	unsigned seed = (unsigned)time(NULL);

	printf("# seed %u\n", seed);
	library_add_text(library, "one", "alice", "The lighthouse is of granite, near 東京.");
	for (int i = 0; i < 2000; i++) {
		char query[512] = "";
		struct search_hit *hits = NULL;
		size_t used = 0;
		int n;

		for (int piece = rand_r(&seed) % 30; piece > 0; piece--)
			used += (size_t)snprintf(query + used, sizeof query - used, "%s",
						 pieces[rand_r(&seed) % N]);
		n = search(library->store, NULL, NULL, query, 5, &hits, &library->failure);
		if (n < 0)
			fail_msg("%s: %s %s", query, library->failure.error,
				 library->failure.advice);
		search_free(hits, n);
	}
}

static void a_long_query_is_no_trouble(void **state)
{
	struct library *library = *state;
	static char query[200000];
	size_t used = 0;

	library_add_text(library, "one", "alice", "The lighthouse is of granite.");
	used = (size_t)snprintf(query, sizeof query, "granite");
	for (int i = 0; used < sizeof query - 32; i++)
		used += (size_t)snprintf(query + used, sizeof query - used, " w%d", i);
	assert_string_equal(ids(library, NULL, query), "one");
}

static void words_are_found_in_any_writing(void **state)
{
	struct library *library = *state;
	static const struct {
		const char *query, *found;
	} cases[] = {
		{ "granite", "en" },
		{ "GRANITE", "en" },
		{ "gran", "en" },     /* the last one is being typed */
		{ "gran house", "" }, /* this is not the last one */
		{ "cafe", "fr" },
		{ "Caf\xc3\xa9", "fr" },
		{ "cafe\xcc\x81", "fr" }, /* decomposed, as some systems type it */
		{ "pr\xc3\xa9"
		  "f\xc3\xa9r\xc3\xa9s",
		  "fr" },
		{ "STRASSE", "" },
		{ "Stra\xc3\x9f"
		  "e",
		  "de" },
		{ "strasze stra", "de" },
		{ "東京", "ja" },    /* two characters, inside a longer run */
		{ "京都", "zh ja" }, /* pairs know no words: it is in 東京都 too */
		{ "東京都", "ja zh" },
		{ "図書館", "ja" },
		{ "館", "ja" }, /* at the end of a run */
		{ "图", "zh" },
		{ "カメラ", "ja" },
		{ "서울", "ko" },   /* an ending is written on to it */
		{ "ประเทศ", "th" }, /* no space around it */
		{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "he" },
		{ "हिन्दी", "hi" },
		{ "हिन", "hi" },
		{ "2811", "en" },
	};

	library_add_text(library, "en", "", "A tower of granite, built for 2811 pounds.");
	library_add_text(library, "fr", "",
			 "Les caf\xc3\xa9s pr\xc3\xa9"
			 "f\xc3\xa9r\xc3\xa9s. Un caf\xc3\xa9.");
	library_add_text(library, "de", "",
			 "Die Stra\xc3\x9f"
			 "e am Hafen.");
	library_add_text(library, "ja", "", "東京都には大きな図書館がある。カメラを持って図書館");
	library_add_text(library, "zh", "", "我在京都看到一张图。");
	library_add_text(library, "ko", "", "나는 서울에서 살았다.");
	library_add_text(library, "th", "", "เขาอยู่ในประเทศไทยมานาน");
	library_add_text(
		library, "he", "",
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd7\xa2\xd7\x9c\xd7\x99\xd7\x9b\xd7\x9d");
	library_add_text(library, "hi", "", "मैं हिन्दी बोलता हूँ।");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(ids(library, NULL, cases[i].query), cases[i].found) != 0)
			fail_msg("%s: found \"%s\", not \"%s\"", cases[i].query,
				 ids(library, NULL, cases[i].query), cases[i].found);
}

static void more_and_rarer_words_come_first(void **state)
{
	struct library *library = *state;
	static const char *const filler[] = { "the harbour and the sea", "the sea and the ships",
					      "the ships in the harbour" };

	library_add(library, "filler", "", 3, filler);
	library_add_text(library, "sea", "", "the sea");
	library_add_text(library, "both", "", "the lamp of the sea");
	library_add_text(library, "lamp", "", "the lamp is out, says the keeper of the tower");
	assert_int_equal(strncmp(ids(library, NULL, "lamp sea"), "both lamp sea", 13), 0);
}

/* ---- Whose it is -------------------------------------------------------- */

static void nobody_finds_what_is_anothers(void **state)
{
	struct library *library = *state;
	static const char *const owners[] = { "alice",        "bob", "",      "o'hara",
					      "\" OR 1=1 --", "%",   "al_ce", "zo\xc3\xab",
					      "ALICE",        "?1" };
	enum { N = sizeof owners / sizeof owners[0] };
	float vector[LIBRARY_DIMENSION];

	library_vector(vector, 0);
	for (size_t i = 0; i < N; i++) {
		char id[16];

		snprintf(id, sizeof id, "d%zu", i);
		library_add_text(library, id, owners[i], "The same lighthouse.");
	}
	for (size_t i = 0; i < N; i++) {
		struct ranking by_vectors;
		char id[16];

		snprintf(id, sizeof id, "d%zu", i);
		assert_string_equal(ids(library, owners[i], "lighthouse"), id);
		assert_int_equal(rank_vectors(library->store, vector, LIBRARY_DIMENSION, owners[i],
					      20, &by_vectors, &library->failure),
				 0);
		assert_int_equal(by_vectors.n, 1);
		free(by_vectors.entries);
	}
	assert_string_equal(ids(library, "mallory", "lighthouse"), "");
	assert_string_equal(ids(library, NULL, "lighthouse"), "d0 d1 d2 d3 d4 d5 d6 d7 d8 d9");
}

/* Other users' chunks must not displace the user's own ones, either. */
static void others_do_not_crowd_one_out(void **state)
{
	struct library *library = *state;
	static const char *texts[LIBRARY_CHUNKS_MAX];
	float vector[LIBRARY_DIMENSION];
	struct ranking by_vectors;

	for (size_t i = 0; i < LIBRARY_CHUNKS_MAX; i++)
		texts[i] = "lighthouse lighthouse";
	library_add(library, "many", "bob", LIBRARY_CHUNKS_MAX, texts);
	library_add_text(library, "one", "alice", "There once was a lighthouse in the north.");
	assert_string_equal(ids(library, "alice", "lighthouse"), "one");
	library_vector(vector, 0);
	vector[1] = 0.1F;
	assert_int_equal(rank_vectors(library->store, vector, LIBRARY_DIMENSION, "alice", 20,
				      &by_vectors, &library->failure),
			 0);
	assert_int_equal(by_vectors.n, 1);
	free(by_vectors.entries);
}

static void only_what_is_finished_is_found(void **state)
{
	struct library *library = *state;
	static const char *const attempt = "A new lighthouse of steel.";
	struct ranking by_vectors;
	float vector[LIBRARY_DIMENSION];

	library_vector(vector, 0);
	library_add_text(library, "one", "alice", "The old lighthouse of granite.");
	assert_int_equal(library_put(library, "one", "alice", 1, &attempt), 0);
	assert_int_equal(library_put(library, "two", "alice", 1, &attempt), 0);
	assert_string_equal(ids(library, "alice", "lighthouse"), "one");
	assert_string_equal(ids(library, "alice", "steel"), "");
	assert_int_equal(rank_vectors(library->store, vector, LIBRARY_DIMENSION, "alice", 20,
				      &by_vectors, &library->failure),
			 0);
	assert_int_equal(by_vectors.n, 1);
	free(by_vectors.entries);
	assert_int_equal(store_finish(library->store, "one", "", &library->failure), 0);
	assert_string_equal(ids(library, "alice", "granite"), "");
	assert_string_equal(ids(library, "alice", "steel"), "one");
}

/* ---- Ranking ------------------------------------------------------------ */

static void vectors_rank_by_the_angle(void **state)
{
	struct library *library = *state;
	static const char *const texts[] = { "a", "b", "c" };
	/* Length does not count, and what is at a right angle is not there. */
	static const float vector[LIBRARY_DIMENSION] = { 30, 0, 40 };
	struct ranking ranking;

	library_add(library, "one", "", 3, texts);
	assert_int_equal(rank_vectors(library->store, vector, LIBRARY_DIMENSION, NULL, 20, &ranking,
				      &library->failure),
			 0);
	assert_int_equal(ranking.n, 2);
	assert_true(fabs(ranking.entries[0].score - 0.8) < 1e-6);
	assert_true(fabs(ranking.entries[1].score - 0.6) < 1e-6);
	assert_true(ranking.entries[0].chunk > ranking.entries[1].chunk);
	free(ranking.entries);
}

/* By hand: 1/61 = 0.016393, 1/62 = 0.016129, 1/63 = 0.015873, 1/64 = 0.015625. */
static void rankings_fuse_by_reciprocal_rank(void **state)
{
	struct ranked words[] = { { 10, 9.5 }, { 20, 3 }, { 30, 2 }, { 50, 1 } };
	struct ranked vectors[] = { { 20, 0.9 }, { 40, 0.5 }, { 10, 0.4 } };
	const struct ranking rankings[] = { { words, 4, 4 }, { vectors, 3, 3 } };
	static const struct ranked wanted[] = { { 20, 1.0 / 62 + 1.0 / 61 },
						{ 10, 1.0 / 61 + 1.0 / 63 },
						{ 40, 1.0 / 62 },
						{ 30, 1.0 / 63 },
						{ 50, 1.0 / 64 } };
	struct ranking fused;

	(void)state;
	assert_int_equal(rank_fuse(rankings, 2, &fused), 0);
	assert_int_equal(fused.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(fused.entries[i].chunk, wanted[i].chunk);
		assert_true(fabs(fused.entries[i].score - wanted[i].score) < 1e-12);
	}
	free(fused.entries);
}

static void equal_scores_keep_the_order_of_the_chunks(void **state)
{
	struct ranked a[] = { { 7, 1 } }, b[] = { { 3, 1 } };
	const struct ranking rankings[] = { { a, 1, 1 }, { b, 1, 1 } };
	struct ranking fused;

	(void)state;
	assert_int_equal(rank_fuse(rankings, 2, &fused), 0);
	assert_int_equal(fused.entries[0].chunk, 3);
	assert_int_equal(fused.entries[1].chunk, 7);
	free(fused.entries);
	assert_int_equal(rank_fuse(NULL, 0, &fused), 0);
	assert_int_equal(fused.n, 0);
	free(fused.entries);
}

/* ---- With an embedder --------------------------------------------------- */

static struct embedder *open_embedder(void)
{
	static const struct endpoint_config builtin = { .url = "" };
	struct embedder *embedder = NULL;
	struct failure failure;

	if (embedder_open(&builtin, 0, &embedder, &failure) != 0)
		harness_die("%s", failure.error);
	return embedder;
}

static void vectors_of_another_kind_are_not_compared(void **state)
{
	struct library *library = *state;
	struct embedder *embedder = open_embedder();
	struct search_hit *hits = NULL;

	library_add_text(library, "one", "", "A lighthouse.");
	assert_int_equal(
		search(library->store, embedder, NULL, "lighthouse", 5, &hits, &library->failure),
		FAILED);
	assert_string_equal(library->failure.error,
			    "The document store holds vectors of another kind");
	assert_null(hits);
	embedder_close(embedder);
}

static void a_hit_says_where_it_is_from(void **state)
{
	struct library *library = *state;
	static const char *const texts[] = {
		"Ships came from far away.",
		"Much was written about it. The lamp was lit in 1811 by the first keeper. Then it "
		"rained."
	};
	struct search_hit *hits = NULL;
	int n;

	library_add(library, "one", "", 2, texts);
	n = search(library->store, NULL, NULL, "when was the lamp lit", 5, &hits,
		   &library->failure);
	assert_true(n >= 1);
	assert_string_equal(hits[0].id, "one");
	assert_string_equal(hits[0].name, "report.pdf");
	assert_string_equal(hits[0].heading, "Findings");
	assert_int_equal(hits[0].page, 2);
	assert_int_equal(hits[0].position, 1);
	assert_non_null(strstr(hits[0].passage, "The lamp was lit in 1811 by the first keeper."));
	assert_null(strstr(hits[0].passage, "rained"));
	search_free(hits, n);
}

/* ---- Speed -------------------------------------------------------------- */

enum { SCALE = 10000, SCALE_WORDS = 120, SCALE_LIMIT_MS = 200 /* of processor time */ };

/* One document of 10 000 chunks of random words, with the embedder's vectors. */
static void put_many(struct library *library, struct embedder *embedder)
{
	static struct chunk chunks[SCALE];
	static char texts[SCALE][SCALE_WORDS * 8];
	static const char *pointers[SCALE];
	unsigned seed = 1;
	uint64_t start, put;
	float *vectors = NULL;
	struct chunks all = { .chunks = chunks, .n_chunks = SCALE, .language = "en" };
	struct store_attempt attempt = { .id = "many",
					 .owner = "alice",
					 .name = "many.txt",
					 .content_type = "text/plain",
					 .chunks = &all };

	for (int i = 0; i < SCALE; i++) {
		size_t used = 0;

		for (int word = 0; word < SCALE_WORDS; word++)
			used += (size_t)snprintf(
				texts[i] + used, sizeof texts[i] - used, "%s ",
				word % 3 == 0
					? "the"
					: (const char[]){ (char)('a' + rand_r(&seed) % 26),
							  (char)('a' + rand_r(&seed) % 26),
							  (char)('a' + rand_r(&seed) % 26), 0 });
		pointers[i] = texts[i];
		chunks[i] = (struct chunk){ .text = texts[i], .heading = "" };
	}
	HARNESS_MUST(embedder_embed(embedder, pointers, SCALE, NULL, &vectors, &library->failure));
	attempt.vectors = vectors;
	attempt.dimension = embedder_dimension(embedder);
	HARNESS_MUST(store_provider(library->store, embedder_provider(embedder), attempt.dimension,
				    &library->failure));
	start = harness_deadline(0);
	HARNESS_MUST(store_put(library->store, &attempt, NULL, &library->failure));
	put = harness_deadline(0);
	HARNESS_MUST(store_finish(library->store, "many", "", &library->failure));
	printf("# %d chunks: %.0f ms to write, %.1f ms to finish\n", SCALE,
	       (double)(put - start) / 1e6, (double)(harness_deadline(0) - put) / 1e6);
	free(vectors);
}

static double processor_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static double search_ms(struct library *library, struct embedder *embedder)
{
	double before = processor_ms();
	struct search_hit *hits = NULL;
	int n = search(library->store, embedder, "alice", "the quick fox and abc def ghi", 5, &hits,
		       &library->failure);

	assert_int_equal(n, 5);
	search_free(hits, n);
	return processor_ms() - before;
}

static void ten_thousand_chunks_are_searched_at_once(void **state)
{
	struct embedder *embedder = open_embedder();
	struct library library;
	double best = 1e9;

	(void)state;
	library_place(&library);
	library.store = library_connect(&library, STORE_WRITE);
	put_many(&library, embedder);
	for (int i = 0; i < 5; i++) {
		double ms = search_ms(&library, embedder);

		best = ms < best ? ms : best;
	}
	printf("# %d chunks: %.0f ms a search\n", SCALE, best);
#ifndef __SANITIZE_ADDRESS__
	assert_true(best < SCALE_LIMIT_MS);
#endif
	embedder_close(embedder);
	library_close(&library);
}

static const struct CMUnitTest tests[] = {
	LIBRARY_TEST(operators_are_words),
	LIBRARY_TEST(random_queries_never_fail),
	LIBRARY_TEST(a_long_query_is_no_trouble),
	LIBRARY_TEST(words_are_found_in_any_writing),
	LIBRARY_TEST(more_and_rarer_words_come_first),
	LIBRARY_TEST(nobody_finds_what_is_anothers),
	LIBRARY_TEST(others_do_not_crowd_one_out),
	LIBRARY_TEST(only_what_is_finished_is_found),
	LIBRARY_TEST(vectors_rank_by_the_angle),
	cmocka_unit_test(rankings_fuse_by_reciprocal_rank),
	cmocka_unit_test(equal_scores_keep_the_order_of_the_chunks),
	LIBRARY_TEST(vectors_of_another_kind_are_not_compared),
	LIBRARY_TEST(a_hit_says_where_it_is_from),
	cmocka_unit_test(ten_thousand_chunks_are_searched_at_once),
};

SUITE(tests)
