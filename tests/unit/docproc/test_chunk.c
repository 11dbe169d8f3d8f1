/* SPDX-License-Identifier: MIT */
/* Chunks of the right size that begin at sentences and lose nothing; failures, reports, cancelling. */
#include "tests/unit/docproc/blocks.h"
#include "tools/docproc/chunk/sentence.h"

/* ---- Chunks ------------------------------------------------------------- */

/* n sentences of `words` words, numbered so that each is another one. */
static char *make_text(size_t n, unsigned words)
{
	size_t room = n * (words * 5 + 16) + 1, length = 0;
	char *text = test_malloc(room);

	for (size_t i = 0; i < n; i++) {
		length += (size_t)snprintf(text + length, room - length, "Number%zu", i);
		for (unsigned j = 1; j < words; j++)
			length += (size_t)snprintf(text + length, room - length, " the");
		length += (size_t)snprintf(text + length, room - length, ". ");
	}
	return text;
}

/* Every sentence in one chunk at least, in order, chunks beginning at a sentence. */
static void check_cover(void)
{
	size_t covered = 0;

	for (size_t i = 0; i < chunks.n_chunks; i++) {
		const struct chunk *chunk = &chunks.chunks[i];
		const struct sentence *first = &chunks.sentences[chunk->first_sentence];
		uint32_t words = 0;
		assert_true(chunk->first_sentence <= covered);
		assert_true(chunk->first_sentence + chunk->n_sentences > covered);
		covered = chunk->first_sentence + chunk->n_sentences;
		assert_true(chunk->words <= CHUNK_WORDS_MAX);
		assert_int_equal(chunk->page, first->page);
		assert_memory_equal(chunk->text, first->text, strlen(first->text));
		for (size_t j = 0; j < chunk->n_sentences; j++)
			words += first[j].words;
		assert_int_equal(words, chunk->words);
	}
	assert_int_equal(covered, chunks.n_sentences);
}

static void chunks_are_of_whole_sentences_and_overlap(void **state)
{
	char *text = make_text(300, 9);

	(void)state;
	add_paragraph(3, text);
	assert_int_equal(run(), 0);
	assert_int_equal(chunks.n_sentences, 300);
	check_cover();
	for (size_t i = 0; i + 1 < chunks.n_chunks; i++) {
		const struct chunk *chunk = &chunks.chunks[i];
		size_t end = chunk->first_sentence + chunk->n_sentences;
		assert_in_range(chunk->words, 390, 400);
		assert_in_range((end - chunk[1].first_sentence) * 9, 45, 60);
	}
	test_free(text);
}

static void a_heading_begins_a_chunk_that_is_half_full(void **state)
{
	char *half = make_text(25, 9), *few = make_text(10, 9);

	(void)state;
	add_paragraph(1, "Before all headings.");
	add(BLOCK_HEADING, 1, "First");
	add_paragraph(1, few);
	add(BLOCK_HEADING, 2, "Second"); /* 93 words before: goes on */
	add_paragraph(2, half);
	add(BLOCK_HEADING, 3, "Third");
	add(BLOCK_HEADING, 3, "Deeper");
	add_paragraph(3, few);
	assert_int_equal(run(), 0);
	check_cover();
	assert_int_equal(chunks.n_chunks, 2);
	assert_string_equal(chunks.chunks[0].heading, "");
	assert_string_equal(chunks.chunks[1].heading, "Deeper");
	assert_memory_equal(chunks.chunks[1].text, "Third\nDeeper\nNumber0 the", 24);
	assert_int_equal(chunks.chunks[1].page, 3);
	test_free(half);
	test_free(few);
}

static void a_heading_is_not_left_at_the_end(void **state)
{
	char *text = make_text(16, 10), *more = make_text(8, 50);

	(void)state;
	/* 160 words, a heading, and a sentence too many: the heading goes with what follows. */
	add(BLOCK_HEADING, 1, "Start");
	add_paragraph(1, text);
	add(BLOCK_HEADING, 1, "End");
	char *wide = make_text(1, 300);
	add_paragraph(1, wide);
	add_paragraph(1, more);
	assert_int_equal(run(), 0);
	check_cover();
	assert_string_equal(chunks.chunks[0].heading, "Start");
	assert_null(strstr(chunks.chunks[0].text, "End"));
	assert_string_equal(chunks.chunks[1].heading, "End");
	assert_memory_equal(chunks.chunks[1].text, "End\n", 4);
	test_free(wide);
	test_free(text);
	test_free(more);
}

static void a_heading_holds_until_the_next(void **state)
{
	char *text = make_text(200, 9), heading[CHUNK_HEADING_MAX + 45];

	(void)state;
	memset(heading, 'x', sizeof heading);
	memcpy(heading + CHUNK_HEADING_MAX - 1, "\xc3\xa9", 2); /* the cut would go through it */
	heading[sizeof heading - 1] = '\0';
	add(BLOCK_HEADING, 1, heading);
	add_paragraph(1, text);
	assert_int_equal(run(), 0);
	assert_true(chunks.n_chunks > 3);
	for (size_t i = 0; i < chunks.n_chunks; i++) {
		assert_int_equal(strlen(chunks.chunks[i].heading), CHUNK_HEADING_MAX - 1);
		assert_memory_equal(chunks.chunks[i].heading, heading, CHUNK_HEADING_MAX - 1);
	}
	test_free(text);
}

static void rows_stay_whole_and_apart(void **state)
{
	(void)state;
	add(BLOCK_TABLE_ROW, 1, "Name. First\tYear\t3.5 m. Long");
	add(BLOCK_TABLE_ROW, 1, "Ada\t1815\tx");
	add(BLOCK_FOOTNOTE, 1, "A note. With two sentences.");
	add_paragraph(1, "Prose.");
	assert_int_equal(run(), 0);
	assert_int_equal(chunks.n_sentences, 5);
	assert_string_equal(chunks.sentences[0].text, "Name. First Year 3.5 m. Long");
	assert_string_equal(
		chunks.chunks[0].text,
		"Name. First Year 3.5 m. Long\nAda 1815 x\nA note. With two sentences.\nProse.");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(chunks.sentences[i].prose, i == 4);
}

static void a_long_sentence_is_cut_behind_a_clause(void **state)
{
	char *text = make_text(1, 1500);

	(void)state;
	text[strlen(text) - 2] = ' '; /* no full stop */
	char *at = text;
	for (int i = 0; i < 330; i++) /* a comma behind word 330 */
		at = strchr(at, ' ') + 1;
	at[-1] = ',';
	at[0] = ' ';
	add_paragraph(1, text);
	assert_int_equal(run(), 0);
	check_cover();
	assert_true(chunks.n_sentences >= 3);
	assert_int_equal(chunks.sentences[0].text[strlen(chunks.sentences[0].text) - 1], ',');
	assert_int_equal(chunks.sentences[0].words, 330);
	assert_int_equal(chunks.sentences[1].words, CHUNK_WORDS); /* no comma: between words */
	test_free(text);
}

static void a_sentence_of_600_words_is_one_chunk(void **state)
{
	char *text = make_text(3, CHUNK_WORDS_MAX);

	(void)state;
	add_paragraph(1, text);
	assert_int_equal(run(), 0);
	check_cover();
	assert_int_equal(chunks.n_sentences, 3);
	assert_int_equal(chunks.n_chunks, 3);
	test_free(text);
}

static void an_overlap_makes_no_chunk_too_large(void **state)
{
	char *text = make_text(8, 50), *wide = make_text(1, CHUNK_WORDS_MAX - 20);

	(void)state;
	add_paragraph(1, text);
	add_paragraph(1, wide);
	assert_int_equal(run(), 0);
	check_cover();
	assert_int_equal(chunks.n_chunks, 2);
	assert_int_equal(chunks.chunks[1].n_sentences, 1);
	test_free(text);
	test_free(wide);
}

/* A word of a megabyte, and a megabyte of Chinese without a full stop. */
static void endless_words_are_cut_between_characters(void **state)
{
	enum { SIZE = 1 << 20 };
	char *text = test_malloc(SIZE + 1);
	size_t bytes = 0;

	(void)state;
	for (size_t i = 0; i + 2 <= SIZE; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[SIZE] = '\0';
	add_paragraph(1, text);
	assert_int_equal(run(), 0);
	for (size_t i = 0; i < chunks.n_sentences; i++) {
		size_t length = strlen(chunks.sentences[i].text);
		assert_true(length <= SENTENCE_BYTES && length % 2 == 0);
		bytes += length;
	}
	assert_int_equal(bytes, SIZE);
	for (size_t i = 0; i + 3 <= SIZE; i += 3)
		memcpy(text + i, "\xe5\xa4\xa9", 3);
	text[(size_t)SIZE / 3 * 3] = '\0';
	assert_int_equal(run(), 0);
	for (size_t i = 0; i < chunks.n_chunks; i++)
		assert_true(chunks.chunks[i].words <= CHUNK_WORDS_MAX);
	test_free(text);
}

static void what_has_no_words_is_left_out(void **state)
{
	(void)state;
	add_paragraph(1, "* * *");
	add_paragraph(1, "He said (\"It is so.\") --- *** and that was the end of it. ...");
	add_paragraph(2, "-----");
	assert_int_equal(run(), 0);
	assert_string_equal(chunks.chunks[0].text,
			    "He said (\"It is so.\") --- *** and that was the end of it. ...");
	assert_int_equal(chunks.n_chunks, 1);
}

/* ---- Failures and reports ------------------------------------------------ */

static void no_word_at_all_is_an_empty_document(void **state)
{
	(void)state;
	assert_int_equal(run(), FAILED);
	assert_string_equal(failure.error, "Document appears to be empty");
	add_paragraph(1, "--- *** \xf0\x9f\x98\x80");
	assert_int_equal(run(), FAILED);
	assert_string_equal(failure.error, "Document appears to be empty");
	content.no_text_layer = true;
	assert_int_equal(run(), FAILED);
	assert_string_equal(failure.error, "Document appears to be empty (no text layer)");
	assert_null(chunks.chunks);
	assert_null(chunks.sentences);
}

static void sentences_are_reported(void **state)
{
	char *text = make_text(777, 5);

	(void)state;
	add_paragraph(1, text);
	assert_int_equal(run(), 0);
	assert_int_equal(total, 777);
	assert_int_equal(done, 777);
	test_free(text);
}

static void a_cancel_is_noticed_on_the_way(void **state)
{
	char *text = make_text(2000, 5);

	(void)state;
	add_paragraph(1, text);
	cancel_at = 500;
	assert_int_equal(run(), CANCELLED);
	assert_in_range(done, 500, 600);
	assert_null(chunks.sentences);
	done = 0;
	cancel_at = 2000; /* all is counted: while it packs */
	assert_int_equal(run(), CANCELLED);
	assert_null(chunks.chunks);
	test_free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(chunks_are_of_whole_sentences_and_overlap),
	TEST(a_heading_begins_a_chunk_that_is_half_full),
	TEST(a_heading_is_not_left_at_the_end),
	TEST(a_heading_holds_until_the_next),
	TEST(rows_stay_whole_and_apart),
	TEST(a_long_sentence_is_cut_behind_a_clause),
	TEST(a_sentence_of_600_words_is_one_chunk),
	TEST(an_overlap_makes_no_chunk_too_large),
	TEST(endless_words_are_cut_between_characters),
	TEST(what_has_no_words_is_left_out),
	TEST(no_word_at_all_is_an_empty_document),
	TEST(sentences_are_reported),
	TEST(a_cancel_is_noticed_on_the_way),
};

SUITE(tests)
