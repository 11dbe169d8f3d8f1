/* SPDX-License-Identifier: MIT */
/* The text of each format: blocks of the right kind, in reading order, without hidden text. */
#include "tests/unit/docproc/extraction.h"
#include <errno.h>

#define CHECK_ORDER(...)                                                                           \
	do {                                                                                       \
		static const char *const words[] = { __VA_ARGS__ };                                \
		check_order(words, sizeof words / sizeof words[0]);                                \
	} while (0)

/* ---- PDF ------------------------------------------------------------------- */

static void headings_tables_and_notes_of_a_pdf(void **state)
{
	(void)state;
	extract("voyager.pdf");
	assert_string_equal(content.content_type, "application/pdf");
	assert_int_equal(content.pages, 3);
	assert_int_equal(count(BLOCK_HEADING), 5);
	check_whole("The pale blue dot", BLOCK_HEADING);
	check_whole("Saturn\t12 November 1980\t26 August 1981", BLOCK_TABLE_ROW);
	assert_int_equal(count(BLOCK_TABLE_ROW), 5);
	check_block("led by Carl Sagan", BLOCK_FOOTNOTE, 1);
	assert_int_equal(count(BLOCK_FOOTNOTE), 3);
	check_block("pale blue dot", BLOCK_HEADING, 2);
	CHECK_ORDER("The Two Voyagers", "In the late 1970s", "What they carried", "Encounters",
		    "Jupiter\t", "At Jupiter the cameras", "Beyond the planets");
	/* Lines end in a paragraph, and only there. */
	size_t i = find("In the late 1970s");
	assert_non_null(strstr(content.blocks[i].text, "A spacecraft\nthat passed"));
	assert_null(strstr(content.blocks[i].text, "Voyager 2 was launched"));
}

static void columns_are_read_one_after_the_other(void **state)
{
	(void)state;
	extract("columns.pdf");
	CHECK_ORDER("Lights Along the\nCoast", "A lighthouse answers", "Fire and mirrors",
		    "Tower of Hercules", "The lens of Fresnel", "Rotating lenses",
		    "Building on rocks", "Fog and silence", "Radio beacons");
	/* Over a column's end and over a page's. */
	size_t i = find("Keepers burned");
	assert_non_null(strstr(content.blocks[i].text, "Keepers burned\nwood and later coal"));
	i = find("Within a few");
	assert_non_null(strstr(content.blocks[i].text, "the invention had\nspread around"));
	assert_int_equal(content.blocks[i].page, 1);
	/* Hyphens at line ends stay: chunking, which knows the document's words, resolves them. */
	find("light-\nhouse of antiquity");
}

static void ligatures_are_letters(void **state)
{
	static const char *const words[] = { "first offices", "affidavits", "difficult figures",
					     "flicker",       "sufficient", "Sognefjord",
					     "coffin" };

	(void)state;
	extract("ligatures.pdf");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		find(words[i]);
	check_absent("\ufb01");
	check_absent("\ufb03");
}

static void text_from_right_to_left_is_whole(void **state)
{
	static const char mark[] = { (char)0xe2, (char)0x80, (char)0xab, '\0' }; /* U+202B */

	(void)state;
	extract("hebrew.pdf");
	/* The first and the last line, where a selection loses text. */
	assert_string_equal(content.blocks[0].text, "\u05d9\u05dd \u05d4\u05de\u05dc\u05d7");
	assert_int_equal(content.blocks[0].type, BLOCK_HEADING);
	find("\u05e9\u05e0\u05d5\u05ea \u05d4\u05e9\u05de\u05d5\u05e0\u05d9\u05dd.");
	/* The first two words of a line are two. */
	find("\u05de\u05d0\u05e8\u05d1\u05e2 \u05de\u05d0\u05d5\u05ea");
	find("\u05d1\u05e9\u05e0\u05ea 1947 \u05de\u05e6\u05d0");
	check_absent(mark);
	content_free(&content);
	extract("arabic.pdf");
	/* Lam and alef in one glyph, in "the rivers" and in "not". */
	find("\u0627\u0644\u0623\u0646\u0647\u0627\u0631");
	find("\u062d\u062a\u0649 \u0644\u0627 \u062a\u063a\u0645\u0631\u0647");
}

static void chinese_and_japanese_are_read(void **state)
{
	(void)state;
	extract("chinese.pdf");
	check_whole("\u82cf\u5dde\t\u4e1d\u7ef8", BLOCK_TABLE_ROW);
	check_whole("\u8239\u95f8", BLOCK_HEADING);
	content_free(&content);
	extract("japanese.pdf");
	check_whole("\u767b\u5c71", BLOCK_HEADING);
}

static void running_heads_and_page_numbers_are_dropped(void **state)
{
	(void)state;
	extract("handbook.pdf");
	check_absent("Page 5");
	/* The title says the same as the running head, and stays. */
	size_t i = find("A Short Handbook of the Elements");
	assert_int_equal(i, 0);
	assert_int_equal(find_from(1, "A Short Handbook"), content.n_blocks);
	check_block("Krypton has the symbol Kr", BLOCK_PARAGRAPH, 37);
	check_block("caustic soda", BLOCK_PARAGRAPH, 12);
}

/* Bold lines of a table of contents, between others of it and a text. */
static void contents_are_no_headings(void **state)
{
	(void)state;
	extract("contents.pdf");
	check_block("1 Beginnings . . . . . 1", BLOCK_PARAGRAPH, 1);
	assert_int_equal(count(BLOCK_HEADING), 2);
	assert_string_equal(content.blocks[3].text, "1 Beginnings");
	assert_int_equal(content.blocks[3].type, BLOCK_HEADING);
}

static void cells_are_told_by_their_distance(void **state)
{
	(void)state;
	extract("tables.pdf");
	check_whole("South America\tAconcagua\t6961\t1897", BLOCK_TABLE_ROW);
	check_whole("Como\t410\tshaped like an upturned letter Y", BLOCK_TABLE_ROW);
	/* A cell of several lines. */
	check_whole("Baikal\t1642\tholds a fifth of the fresh water on the surface of the Earth",
		    BLOCK_TABLE_ROW);
}

static void a_password_for_changes_only_is_no_obstacle(void **state)
{
	(void)state;
	extract("restricted.pdf");
	find("there is no password for opening.");
}

/* ---- DOCX ------------------------------------------------------------------- */

static void paragraphs_tables_and_notes_of_a_docx(void **state)
{
	(void)state;
	extract("voyager.docx");
	assert_int_equal(content.pages, 0);
	assert_int_equal(count(BLOCK_HEADING), 5);
	check_whole("Saturn\t12 November 1980\t26 August 1981", BLOCK_TABLE_ROW);
	/* Notes follow the paragraph with their mark. */
	size_t i = find("gilded copper record");
	assert_int_equal(content.blocks[i + 1].type, BLOCK_FOOTNOTE);
	assert_non_null(strstr(content.blocks[i + 1].text, "Carl Sagan"));
}

static void headings_are_told_by_style_name_ancestor_and_level(void **state)
{
	(void)state;
	extract("odd.docx");
	check_whole("A heading by its name", BLOCK_HEADING);
	check_whole("A heading by its ancestor", BLOCK_HEADING);
	check_whole("A heading by its outline level", BLOCK_HEADING);
	check_whole("A heading of its own", BLOCK_HEADING);
	check_whole("No heading, though it descends from one.", BLOCK_PARAGRAPH);
	check_whole("Its style descends from itself.", BLOCK_PARAGRAPH);
	assert_int_equal(count(BLOCK_HEADING), 4);
}

static void what_is_not_shown_is_left_out(void **state)
{
	static const char *const words[] = { "abandoned",   "moved away",  "hidden instruction",
					     "Hidden text", "never shown", "no text" };

	(void)state;
	extract("odd.docx");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		check_absent(words[i]);
	check_whole("The plan was accepted.", BLOCK_PARAGRAPH);
	check_whole("It was moved to this place.", BLOCK_PARAGRAPH);
	check_whole("Text that shows.", BLOCK_PARAGRAPH);
	check_whole("Result of a field.", BLOCK_PARAGRAPH);
	check_whole("Inside a content control.", BLOCK_PARAGRAPH);
}

static void runs_and_signs_are_joined(void **state)
{
	(void)state;
	extract("odd.docx");
	check_whole("One word in pieces, a link to follow, a no\u2011break hyphen, a "
		    "soft\u00adware.",
		    BLOCK_PARAGRAPH);
	check_whole("left right\nbelow", BLOCK_PARAGRAPH);
	check_whole("An arrow \u2192", BLOCK_PARAGRAPH);
}

static void boxes_notes_and_tables_find_their_places(void **state)
{
	(void)state;
	extract("odd.docx");
	/* A box once, though it is there for older programs again. */
	size_t i = find("Text in a box.");
	assert_int_equal(find_from(i + 1, "Text in a box."), content.n_blocks);
	assert_string_equal(content.blocks[i - 1].text, "Before the box. After the box.");
	check_whole("top left\ttop right", BLOCK_TABLE_ROW);
	check_whole("outer inner one inner two", BLOCK_TABLE_ROW);
	/* In the order of the marks, endnotes last. */
	CHECK_ORDER("A later mark", "The note that is marked first.", "Another mark",
		    "The note that is marked second.", "Before the box", "The note at the end.");
	check_whole("The note at the end.", BLOCK_FOOTNOTE);
	assert_int_equal(find("The note at the end."), content.n_blocks - 1);
}

static void a_docx_and_its_pdf_say_the_same(void **state)
{
	(void)state;
	extract("hebrew.docx");
	size_t n = content.n_blocks;
	check_whole("\u05d9\u05dd \u05d4\u05de\u05dc\u05d7\t430-", BLOCK_TABLE_ROW);
	content_free(&content);
	extract("hebrew.pdf");
	assert_int_equal(content.n_blocks, n);
}

/* ---- Content -------------------------------------------------------------------- */

static void blocks_are_clean(void **state)
{
	static const char dirty[] = " \t\xef\xbb\xbf a\1b\x7f\r\nc\xff\xc2\x85"
				    "d\xed\xa0\x80 \n ";

	(void)state;
	assert_int_equal(content_add(&content, BLOCK_PARAGRAPH, 3, dirty, sizeof dirty - 1), 0);
	assert_string_equal(content.blocks[0].text, "ab\nc\ufffd\nd\ufffd\ufffd\ufffd");
	assert_int_equal(content.n_bytes, strlen(content.blocks[0].text));
	assert_int_equal(content_add(&content, BLOCK_PARAGRAPH, 3, " \n\u00a0\u3000", 7), 0);
	assert_int_equal(content.n_blocks, 1);
	assert_int_equal(content_add(&content, BLOCK_TABLE_ROW, 1, "\ta\t\tb\t", 6), 0);
	assert_string_equal(content.blocks[1].text, "\ta\t\tb");
}

static void more_text_than_allowed_is_refused(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n);
	int error = 0, added = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	while (error == 0 && added < 300) {
		error = content_add(&content, BLOCK_PARAGRAPH, 0, text, n);
		added += error == 0;
	}
	free(text);
	assert_int_equal(error, -EFBIG);
	assert_int_equal(added, CONTENT_BYTES_MAX >> 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(headings_tables_and_notes_of_a_pdf),
	TEST(columns_are_read_one_after_the_other),
	TEST(ligatures_are_letters),
	TEST(text_from_right_to_left_is_whole),
	TEST(chinese_and_japanese_are_read),
	TEST(running_heads_and_page_numbers_are_dropped),
	TEST(contents_are_no_headings),
	TEST(cells_are_told_by_their_distance),
	TEST(a_password_for_changes_only_is_no_obstacle),
	TEST(paragraphs_tables_and_notes_of_a_docx),
	TEST(headings_are_told_by_style_name_ancestor_and_level),
	TEST(what_is_not_shown_is_left_out),
	TEST(runs_and_signs_are_joined),
	TEST(boxes_notes_and_tables_find_their_places),
	TEST(a_docx_and_its_pdf_say_the_same),
	TEST(blocks_are_clean),
	TEST(more_text_than_allowed_is_refused),
};

SUITE(tests)
