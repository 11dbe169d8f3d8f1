/* SPDX-License-Identifier: MIT */
/* Labels from a board, which may hold any bytes, and which of them a filter wants. */
#include "tests/harness/suite.h"
#include "tools/common/label_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *expected)
{
	const char *at = text;
	char seen[1024] = "";
	struct label label;

	while (label_text_next(text, &at, &label))
		snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s:%s;", label.key,
			 label.value);
	assert_string_equal(seen, expected);
}

static void labels_are_read_one_after_another(void **state)
{
	(void)state;
	expect("", "");
	expect("a=1", "a:1;");
	expect("a=1\nb=\nc=x=y", "a:1;b:;c:x=y;");
}

static void what_is_none_is_skipped(void **state)
{
	(void)state;
	expect("\n\na=1\n", "a:1;");
	expect("=1\na\na b=2\n\xff=3\nb=4", "b:4;");
	expect("a=1\na=2\naa=3\na=4", "a:1;aa:3;");
}

static void any_bytes_do_no_harm(void **state)
{
	char text[TRACKD_LABELS_BYTES + 1];
	struct label label;
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof text - 1; i++)
			text[i] = "ab=\n\xff"[(unsigned)rand_r(&seed) % 5];
		text[sizeof text - 1] = '\0';
		const char *at = text;
		while (label_text_next(text, &at, &label))
			assert_true(strlen(label.key) > 0 && !strchr(label.value, '\n'));
		assert_ptr_equal(at, text + strlen(text));
	}
}

static void a_filter_wants_a_label_or_a_key(void **state)
{
	static const char labels[] = "batch=7\nba=\nnote=a=b";

	(void)state;
	assert_true(label_text_has(labels, "batch"));
	assert_true(label_text_has(labels, "batch=7"));
	assert_true(label_text_has(labels, "ba"));
	assert_true(label_text_has(labels, "ba="));
	assert_true(label_text_has(labels, "note=a=b"));
	assert_false(label_text_has(labels, "bat"));
	assert_false(label_text_has(labels, "batch="));
	assert_false(label_text_has(labels, "batch=70"));
	assert_false(label_text_has(labels, "note=a"));
	assert_false(label_text_has(labels, "7"));
	assert_false(label_text_has("", "batch"));
	assert_true(label_text_wanted_valid("batch"));
	assert_true(label_text_wanted_valid("batch="));
	assert_true(label_text_wanted_valid("batch=any thing"));
	assert_false(label_text_wanted_valid(""));
	assert_false(label_text_wanted_valid("=7"));
	assert_false(label_text_wanted_valid("a b"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(labels_are_read_one_after_another),
	cmocka_unit_test(what_is_none_is_skipped),
	cmocka_unit_test(any_bytes_do_no_harm),
	cmocka_unit_test(a_filter_wants_a_label_or_a_key),
};

SUITE(tests)
