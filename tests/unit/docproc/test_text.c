/* SPDX-License-Identifier: MIT */
/* Plain text and Markdown: encodings, paragraphs, and the text of Markdown without its markup. */
#include "tests/unit/docproc/extraction.h"
#include <iconv.h>

/* ---- Plain text --------------------------------------------------------------------- */

static void encodings_give_the_same_text(void **state)
{
	(void)state;
	extract("tides.txt");
	assert_int_equal(content.n_blocks, 5);
	assert_string_equal(content.content_type, "text/plain");
	size_t bytes = content.n_bytes;
	content_free(&content);
	extract("tides_utf16.txt");
	assert_int_equal(content.n_blocks, 5);
	assert_int_equal(content.n_bytes, bytes);
	content_free(&content);
	extract("german_latin1.txt");
	find("Ein ungew\u00f6hnlich trockener");
	content_free(&content);
	extract_text("He said \x93no\x94 \x96 for 5 \x80.", "a.txt");
	assert_string_equal(content.blocks[0].text, "He said \u201cno\u201d \u2013 for 5 \u20ac.");
	content_free(&content);
	assert_int_equal(extract_from(open_bytes("\xfe\xff\0A\xd8\x3d\xde\0\xdc\0\0B", 12), "a"),
			 0);
	assert_string_equal(content.blocks[0].text, "A\U0001f600\ufffdB");
}

static int open_encoded(const char *text, const char *encoding)
{
	char bytes[4096], *to = bytes, *from = strdup(text);
	size_t left = from ? strlen(from) : 0, room = sizeof bytes;
	iconv_t converter = iconv_open(encoding, "UTF-8");

	assert_true(from && converter != (iconv_t)-1); /* NOLINT(performance-no-int-to-ptr) */
	for (char *rest = from; left > 0;)
		assert_int_equal(iconv(converter, &rest, &left, &to, &room), 0);
	iconv_close(converter);
	free(from);
	return open_bytes(bytes, sizeof bytes - room);
}

/* Those of encodings.tsv: a language, encodings, a text. */
static void older_encodings_are_recognised(void **state)
{
	int fd = open_document("sources/encodings.tsv");
	FILE *list = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0, n = 0;

	(void)state;
	assert_non_null(list);
	while (getline(&line, &size, list) > 0) {
		char *fields = line, *language = strsep(&fields, "\t"),
		     *encodings = strsep(&fields, "\t"), *text = strsep(&fields, "\n"), *encoding;
		while (language[0] != '#' && (encoding = strsep(&encodings, " "))) {
			if (extract_from(open_encoded(text, encoding), "a.txt") < 0 ||
			    strcmp(content.blocks[0].text, text) != 0)
				fail_msg("%s in %s: %s%s", language, encoding, failure.error,
					 content.n_blocks ? content.blocks[0].text : "");
			content_free(&content);
			n++;
		}
	}
	free(line);
	fclose(list);
	assert_true(n > 20);
}

/* The detector looks at some thousand bytes; those that say something may be far behind, on a line of
 * their own or at the end of a long one. */
static void a_text_may_be_ascii_for_long(void **state)
{
	static const char *const tens[] = { "ASCII text", "ASCII row\n" };
	char *text = malloc(100000), *end = text + 90000;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 2; i++) {
		for (char *at = text; at < end; at += 10)
			memcpy(at, tens[i], 10);
		snprintf(end, 10000,
			 "P\xb3ywy wyst\xeapuj\xb1 dwa razy na dob\xea, poniewa\xbf Ksi\xea\xbfyc "
			 "i S\xb3o\xf1"
			 "ce przyci\xb1gaj\xb1 wod\xea.");
		extract_text(text, "a.txt");
		find("P\u0142ywy wyst\u0119puj\u0105 dwa razy na dob\u0119");
		content_free(&content);
	}
	free(text);
}

static void bytes_of_no_encoding_are_refused(void **state)
{
	char bytes[600];
	unsigned next = 1;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		next = next * 1103515245 + 12345;
		bytes[i] = (char)(0x80 | (next >> 16 & 0x7f));
	}
	check_failure(extract_from(open_bytes(bytes, sizeof bytes), "a.txt"),
		      "a.txt is damaged: it is not plain text");
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const texts[] = { "caf\xe9 \x81", "a\1b",
					     "\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0" };
	char late[70000];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_failure(extract_from(open_bytes(texts[i], strlen(texts[i])), "a.txt"),
			      "a.txt is damaged: it is not plain text");
	memset(late, 'a', sizeof late);
	late[sizeof late - 1] = '\0';
	check_failure(extract_from(open_bytes(late, sizeof late), "a.txt"),
		      "Document is not plain text throughout: it contains bytes that do not occur "
		      "in text");
}

static void paragraphs_of_plain_text(void **state)
{
	char text[2048];
	int n = snprintf(text, sizeof text, "One\r\ntwo\r\n\r\n  Three\ttabs\n \nold\rmac\n");

	(void)state;
	memset(text + n, 'x', 300);
	snprintf(text + n + 300, sizeof text - (size_t)n - 300, "\nfour\n\n\n");
	extract_text(text, "a.txt");
	assert_int_equal(content.n_blocks, 5);
	assert_string_equal(content.blocks[0].text, "One\ntwo");
	assert_string_equal(content.blocks[1].text, "Three tabs");
	assert_string_equal(content.blocks[2].text, "old\nmac");
	assert_int_equal(strlen(content.blocks[3].text), 300);
	assert_string_equal(content.blocks[4].text, "four");
	content_free(&content);
	extract_text("\bN\bNA\bA\u00fc\b\u00fc _\b_\b\b\n", "a.txt");
	assert_string_equal(content.blocks[0].text, "NA\u00fc");
}

/* ---- Markdown --------------------------------------------------------------------- */

static void markdown_blocks(void **state)
{
	(void)state;
	extract("notes.md");
	assert_string_equal(content.content_type, "text/markdown");
	check_absent("nobody in particular");
	check_whole("Notes on sourdough", BLOCK_HEADING);
	check_whole("Baking", BLOCK_HEADING);
	assert_int_equal(count(BLOCK_HEADING), 4);
	check_whole("Rye loaf\t600 g\t480 g\t12 g", BLOCK_TABLE_ROW);
	check_whole("# not a heading", BLOCK_PARAGRAPH);
	check_whole("Discard all but two spoonfuls.", BLOCK_PARAGRAPH);
	assert_int_equal(count(BLOCK_TABLE_ROW), 4);
}

static void markdown_inline(void **state)
{
	static const struct {
		const char *markdown, *text;
	} cases[] = {
		{ "*a* **b** __c__ _d_ ~~e~~", "a b c d e" },
		{ "snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4" },
		{ "[text](http://a.b/c_d) ![alt](x.png)", "text alt" },
		{ "[a ![b](c) d](e) f", "a b d f" },
		{ "[text][id] [plain] a[0]\n\n[id]: x", "text [plain] a[0]" },
		{ "[text][none] [a [b](c) d](e)", "[text][none] [a b d](e)" },
		{ "<b>bold</b> <https://a.b/c> 1 < 2", "bold https://a.b/c 1 < 2" },
		{ "`a*b*c` ``d`e`` `f", "a*b*c d`e `f" },
		{ "&amp; &lt; &#8364; &#x20ac; &nope;", "& < \u20ac \u20ac &nope;" },
		{ "\\*not\\* a note[^1].\n\n[^1]: x", "*not* a note." },
		{ "set [^abc] www.a.b ~c~ ~~d~~", "set [^abc] www.a.b ~c~ d" },
		{ "[[[[[[[[[[[[deep](x)](x)](x)", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		extract_text(cases[i].markdown, "a.md");
		if (cases[i].text)
			assert_string_equal(content.blocks[0].text, cases[i].text);
		content_free(&content);
	}
}

static void markdown_structure(void **state)
{
	(void)state;
	extract_text("# One #\npara\n===\n\ntext\n---\n\n***\n> quoted\n> more\n\n"
		     "[^1]: A note.\n\n[id]: http://hidden\n<!--\nhidden\n-->\n"
		     "| a | b\\|c |\n|---|---|\n| 1 |\n\n~~~\n| code |\n~~~\n- [x] done\n",
		     "a.markdown");
	check_whole("One", BLOCK_HEADING);
	check_whole("para", BLOCK_HEADING);
	check_whole("text", BLOCK_HEADING);
	check_whole("quoted\nmore", BLOCK_PARAGRAPH);
	check_whole("A note.", BLOCK_FOOTNOTE);
	check_whole("a\tb|c", BLOCK_TABLE_ROW);
	check_whole("| code |", BLOCK_PARAGRAPH);
	check_whole("done", BLOCK_PARAGRAPH);
	check_absent("hidden");
}

static void footnotes_of_markdown_are_kept(void **state)
{
	(void)state;
	extract_text(
		"A[^b] b\n\n[^unused]: Nobody refers to it.\n\n[^b]: One.\n\n    Two.\n\nEnd\n",
		"a.md");
	assert_int_equal(content.n_blocks, 5);
	assert_string_equal(content.blocks[0].text, "A b");
	check_whole("End", BLOCK_PARAGRAPH);
	check_whole("Nobody refers to it.", BLOCK_FOOTNOTE);
	check_whole("One.", BLOCK_FOOTNOTE);
	check_whole("Two.", BLOCK_FOOTNOTE);
}

static void html_in_markdown_is_text(void **state)
{
	(void)state;
	extract_text(
		"<div align=\"center\">\n<b>Caf&eacute;</b> &amp; \u00fcber\n<!-- hidden\n-->\n"
		"</div>\n\n<script>\nhidden()\n</script>\n\n<style>\nhidden {}\n</style>\n\n"
		"<table><tr><td>\n\n*cell*\n\n</td></tr></table>\n",
		"a.md");
	assert_int_equal(content.n_blocks, 2);
	check_whole("Caf\u00e9 & \u00fcber", BLOCK_PARAGRAPH);
	check_whole("cell", BLOCK_PARAGRAPH);
}

static void code_and_lists_of_markdown_are_lines(void **state)
{
	(void)state;
	extract_text(
		"- one\n  - two *a*\n    more\n\n1) three\n\n        *code*\n\n   ```c\n   int x;\n"
		"\n   # y\n   ```\n",
		"a.md");
	assert_int_equal(content.n_blocks, 6);
	check_whole("two a\nmore", BLOCK_PARAGRAPH);
	check_whole("*code*", BLOCK_PARAGRAPH);
	check_whole("int x;", BLOCK_PARAGRAPH);
	check_whole("# y", BLOCK_PARAGRAPH);
}

static void front_matter_needs_an_end(void **state)
{
	(void)state;
	extract_text("+++\nhidden\n+++\nshown\n", "a.md");
	assert_int_equal(content.n_blocks, 1);
	check_whole("shown", BLOCK_PARAGRAPH);
	content_free(&content);
	extract_text("\ufeff---\nhidden\n...\nshown\n", "a.md");
	assert_int_equal(content.n_blocks, 1);
	content_free(&content);
	extract_text("---\nshown\n", "a.md");
	check_whole("shown", BLOCK_PARAGRAPH);
}

/* A paragraph of any length is cut, so that what comes after can take it a piece at a time. */
static void a_long_paragraph_is_cut_at_a_line(void **state)
{
	enum { LINES = 20000 };
	char *text = malloc(LINES * 10 + 1);
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < LINES; i++, n += 10)
		snprintf(text + n, 11, "line %4d\n", i % 10000);
	extract_text(text, "a.md");
	free(text);
	assert_int_equal(content.n_blocks, 4);
	for (size_t i = 0; i < content.n_blocks; i++)
		assert_in_range(strlen(content.blocks[i].text), 1, 66 << 10);
	assert_int_equal(content.n_bytes, LINES * 10 - 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(encodings_give_the_same_text),
	TEST(older_encodings_are_recognised),
	TEST(a_text_may_be_ascii_for_long),
	TEST(bytes_of_no_encoding_are_refused),
	TEST(what_is_no_text_is_refused),
	TEST(paragraphs_of_plain_text),
	TEST(markdown_blocks),
	TEST(markdown_inline),
	TEST(markdown_structure),
	TEST(footnotes_of_markdown_are_kept),
	TEST(html_in_markdown_is_text),
	TEST(code_and_lists_of_markdown_are_lines),
	TEST(front_matter_needs_an_end),
	TEST(a_long_paragraph_is_cut_at_a_line),
};

SUITE(tests)
