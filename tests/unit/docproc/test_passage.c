/* SPDX-License-Identifier: MIT */
/* The passage shown of a chunk: the one or two sentences that answer the query, whole characters,
 * at most 300 bytes, wrapped to a terminal of any width. */
#include "tests/harness/suite.h"
#include "tools/docproc/cli/wrap.h"
#include <stdlib.h>
#include <string.h>

#include "libclient/segment/text.h"

static char *choose(const char *text, const char *language, const char *looked_for)
{
	struct query query;
	char *passage;

	assert_int_equal(query_parse(looked_for, &query), 0);
	passage = passage_choose(text, language, &query);
	query_free(&query);
	assert_non_null(passage);
	assert_true(strlen(passage) <= PASSAGE_MAX);
	assert_true(text_utf8_valid(passage, strlen(passage)));
	assert_null(strpbrk(passage, "\n\t"));
	return passage;
}

static void assert_chosen(const char *text, const char *language, const char *looked_for,
			  const char *wanted)
{
	char *passage = choose(text, language, looked_for);

	assert_string_equal(passage, wanted);
	free(passage);
}

static void the_best_sentence_is_chosen(void **state)
{
	static const char text[] = "The sea is near the town. The lamp of the tower was lit in "
				   "1811. The keeper of the "
				   "tower kept the log. The ships of the line passed the "
				   "tower.\nThe end of the story.";

	(void)state;
	assert_chosen(text, "en", "the lamp", "The lamp of the tower was lit in 1811.");
	assert_chosen(text, "en", "LOG", "The keeper of the tower kept the log.");
	assert_chosen(text, "en", "story", "The end of the story.");
	/* Three words that are everywhere say less than one that is not. */
	assert_chosen("The sea of the north. The sea of the south. The sea of the east. A lamp "
		      "burns.",
		      "en", "the sea of the lamp", "The sea of the east. A lamp burns.");
	/* Another form of the word. */
	assert_chosen(text, "en", "lamps lighting passes",
		      "The lamp of the tower was lit in 1811.");
	/* Nothing of it: the beginning. */
	assert_chosen(text, "en", "quantum", "The sea is near the town.");
	assert_chosen("", "en", "quantum", "");
	assert_chosen(" \n ", "und", "quantum", "");
}

static void a_neighbour_that_says_more_comes_along(void **state)
{
	static const char text[] = "It rained. The lamp was lit in 1811. Its first keeper was Anne "
				   "Brown. She had no children.";

	(void)state;
	assert_chosen(text, "en", "lamp keeper",
		      "The lamp was lit in 1811. Its first keeper was Anne Brown.");
	assert_chosen(text, "en", "keeper children",
		      "Its first keeper was Anne Brown. She had no children.");
}

static void chinese_and_japanese_have_sentences(void **state)
{
	(void)state;
	assert_chosen("昨日は雨でした。東京には大きな図書館があります。猫が好きです。", "ja",
		      "図書館", "東京には大きな図書館があります。");
}

struct buffer {
	char text[4096];
	size_t used;
};

static void append(struct buffer *buffer, const char *piece, int times)
{
	for (; times > 0; times--)
		buffer->used += (size_t)snprintf(buffer->text + buffer->used,
						 sizeof buffer->text - buffer->used, "%s", piece);
}

static void a_long_sentence_is_cut_around_what_was_looked_for(void **state)
{
	struct buffer buffer = { .used = 0 };
	char *passage;

	(void)state;
	append(&buffer, "word after word ", 40);
	append(&buffer, "lighthouse here ", 1);
	append(&buffer, "word after word ", 20);
	passage = choose(buffer.text, "en", "lighthouse");
	assert_int_equal(strncmp(passage, "...", 3), 0);
	assert_string_equal(passage + strlen(passage) - 3, "...");
	assert_non_null(strstr(passage, "lighthouse here"));
	assert_true(strlen(passage) > PASSAGE_MAX - 40);
	free(passage);
}

/* Every kind of character at every place of a cut: none is ever halved. */
static void no_character_is_cut(void **state)
{
	static const char *const characters[] = { "x", "\xc3\xa9", "京", "\xf0\x9f\x98\x80", "ก็" };

	(void)state;
	for (size_t which = 0; which < 5; which++)
		for (int shift = 0; shift < 8; shift++) {
			struct buffer buffer = { .used = 0 };

			append(&buffer, "a", shift);
			append(&buffer, characters[which], 200);
			append(&buffer, " lamp ", 1);
			append(&buffer, characters[which], 200);
			free(choose(buffer.text, "en", "lamp"));
			free(choose(buffer.text, "en", "nothing"));
		}
}

static void what_matches_is_marked(void **state)
{
	struct passage_mark marks[8];
	struct query query;

	(void)state;
	assert_int_equal(query_parse("LAMPS caf\xc3\xa9 東京都", &query), 0);
	assert_int_equal(
		passage_marks("The lamp of the Cafe in 東京都 and the town.", &query, marks, 8), 3);
	assert_int_equal(marks[0].begin, 4);
	assert_int_equal(marks[0].end, 8);
	assert_int_equal(marks[1].begin, 16);
	assert_int_equal(marks[1].end, 20);
	assert_int_equal(marks[2].begin, 24); /* one mark, of two pairs */
	assert_int_equal(marks[2].end, 33);
	assert_int_equal(passage_marks("lamp cafe lamp", &query, marks, 2), 2);
	query_free(&query);
}

/* ---- Lines -------------------------------------------------------------- */

static void assert_wrapped(const struct wrap *wrap, size_t indent, const char *text,
			   const struct passage_mark *marks, size_t n_marks, const char *wanted)
{
	char *printed = NULL;
	size_t size;
	FILE *to = open_memstream(&printed, &size);

	assert_non_null(to);
	wrap_print(to, wrap, indent, text, marks, n_marks);
	fclose(to);
	assert_string_equal(printed, wanted);
	free(printed);
}

static void lines_end_where_they_may(void **state)
{
	static const struct wrap narrow = { .cells = 24 }, pipe_ = { 0 };
	static const struct passage_mark mark = { 4, 9 };
	static const struct wrap bold = { .tty = true, .cells = 24 };

	(void)state;
	assert_wrapped(&narrow, 0, "The quick brown fox jumps over the lazy dog.", NULL, 0,
		       "The quick brown fox\njumps over the lazy dog.\n");
	assert_wrapped(&narrow, 2, "The quick brown fox jumps over the lazy dog.", NULL, 0,
		       "  The quick brown fox\n  jumps over the lazy\n  dog.\n");
	assert_wrapped(&pipe_, 3, "The quick brown fox jumps over the lazy dog.", NULL, 0,
		       "   The quick brown fox jumps over the lazy dog.\n");
	/* Two cells a character, and no line begins with a full stop. */
	assert_wrapped(&narrow, 0, "東京都には大きな図書館が。ある", NULL, 0,
		       "東京都には大きな図書館\nが。ある\n");
	/* Combining marks take no room. */
	assert_wrapped(&narrow, 0,
		       "e\xcc\x81"
		       "e\xcc\x81"
		       "e\xcc\x81 abcdefghijklmnopqrst",
		       NULL, 0,
		       "e\xcc\x81"
		       "e\xcc\x81"
		       "e\xcc\x81 abcdefghijklmnopqrst\n");
	assert_wrapped(&narrow, 0, "Donaudampfschifffahrtsgesellschaft am Ufer", NULL, 0,
		       "Donaudampfschifffahrtsgesellschaft\nam Ufer\n");
	assert_wrapped(&bold, 0, "The quick fox", &mark, 1, "The \033[1mquick\033[0m fox\n");
	assert_wrapped(&narrow, 0, "", NULL, 0, "");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_best_sentence_is_chosen),
	cmocka_unit_test(a_neighbour_that_says_more_comes_along),
	cmocka_unit_test(chinese_and_japanese_have_sentences),
	cmocka_unit_test(a_long_sentence_is_cut_around_what_was_looked_for),
	cmocka_unit_test(no_character_is_cut),
	cmocka_unit_test(what_matches_is_marked),
	cmocka_unit_test(lines_end_where_they_may),
};

SUITE(tests)
