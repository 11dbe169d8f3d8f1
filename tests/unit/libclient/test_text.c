/* SPDX-License-Identifier: MIT */
/* Valid keys, where a text may be cut, and storing texts: each compared with a simple
 * implementation. */
#include "libclient/segment/text.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <string.h>
#include <sys/mman.h>

#define ID_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:@+=-"
#define WORD_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* ---- Keys ---------------------------------------------------------------- */

/* Every byte value at the first, a middle and the last position of keys of these lengths. */
static void expect_bytes(bool (*valid)(const char *), const char *allowed, size_t longest)
{
	const size_t lengths[] = { 1, 2, 8, 16, longest };
	char key[128];

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		size_t length = lengths[i];
		const size_t places[] = { 0, length / 2, length - 1 };
		for (size_t j = 0; j < 3; j++) {
			memset(key, 'a', length);
			key[length] = '\0';
			for (int byte = 1; byte < 256; byte++) {
				key[places[j]] = (char)byte;
				if (strcmp(key, ".") == 0) /* tested below */
					continue;
				if (valid(key) != (strchr(allowed, byte) != NULL))
					fail_msg("byte 0x%02x at %zu of %zu", (unsigned)byte,
						 places[j], length);
			}
		}
	}
}

static void ids_hold_their_alphabet_and_no_other_byte(void **state)
{
	(void)state;
	expect_bytes(text_id_valid, ID_BYTES, TRACKD_ID_MAX);
}

/* "." and ".." would name a folder or its parent in a path or URL. */
static void ids_are_names_in_a_path(void **state)
{
	(void)state;
	assert_false(text_id_valid("."));
	assert_false(text_id_valid(".."));
	assert_true(text_id_valid("..."));
	assert_true(text_id_valid(".a"));
	assert_true(text_id_valid("a."));
	assert_true(text_id_valid("..a"));
	assert_true(text_id_valid(".-"));
}

static void words_hold_their_alphabet_and_no_other_byte(void **state)
{
	(void)state;
	expect_bytes(text_word_valid, WORD_BYTES, TRACKD_STAGE_NAME_MAX);
}

static void expect_lengths(bool (*valid)(const char *), size_t least, size_t most)
{
	char key[300];

	for (size_t length = 0; length < sizeof key - 1; length++) {
		memset(key, 'a', length);
		key[length] = '\0';
		if (valid(key) != (length >= least && length <= most))
			fail_msg("%zu bytes", length);
	}
}

static void keys_have_their_lengths_and_no_others(void **state)
{
	(void)state;
	expect_lengths(text_id_valid, 1, 63);
	expect_lengths(text_owner_valid, 0, 63);
	expect_lengths(text_word_valid, 1, 31);
}

static void an_owner_may_end_in_a_character_of_any_length(void **state)
{
	static const char *const characters[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	char owner[80];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(characters[i]);

		memset(owner, 'o', sizeof owner);
		memcpy(owner + TRACKD_OWNER_MAX - n, characters[i], n + 1);
		assert_true(text_owner_valid(owner));
		memcpy(owner + TRACKD_OWNER_MAX - n + 1, characters[i], n + 1);
		assert_false(text_owner_valid(owner)); /* one byte too long, never cut */
		memset(owner, 'o', sizeof owner);
		memcpy(owner + 10, characters[i], n + 1);
		owner[10 + n - 1] = '\0';
		assert_false(text_owner_valid(owner)); /* an incomplete character */
	}
}

/* ---- UTF-8 --------------------------------------------------------------- */

static size_t encode(uint32_t code, unsigned char *to)
{
	if (code < 0x80)
		return to[0] = (unsigned char)code, 1;
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		to[i] = (unsigned char)(0x80 | (code & 0x3f));
	to[0] = (unsigned char)(code | (n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0));
	return n;
}

static bool is_surrogate(uint32_t code)
{
	return code >= 0xd800 && code <= 0xdfff;
}

static void every_character_but_surrogates_is_valid(void **state)
{
	unsigned char text[8];

	(void)state;
	for (uint32_t code = 0; code <= 0x110000; code++) {
		size_t n = encode(code, text);
		bool expected = !is_surrogate(code) && code <= 0x10ffff;
		if (text_utf8_valid((const char *)text, n) != expected)
			fail_msg("U+%04X", code);
		if (n > 1 && text_utf8_valid((const char *)text, n - 1))
			fail_msg("U+%04X without its last byte", code);
	}
}

/* The length of the valid character at text, or 0: encode() must reproduce its bytes. */
static size_t decode(const unsigned char *text, size_t length)
{
	unsigned char again[8];

	for (size_t n = 1; n <= 4 && n <= length; n++) {
		uint32_t code = n == 1 ? text[0] : text[0] & (0xffu >> (n + 1));
		for (size_t i = 1; i < n; i++)
			code = code << 6 | (text[i] & 0x3fu);
		if (!is_surrogate(code) && code <= 0x10ffff && encode(code, again) == n &&
		    memcmp(text, again, n) == 0)
			return n;
	}
	return 0;
}

static bool plainly_valid(const unsigned char *text, size_t length)
{
	for (size_t at = 0, n; at < length; at += n) {
		n = decode(text + at, length - at);
		if (n == 0)
			return false;
	}
	return true;
}

/* Every sequence of four of the bytes at which the rules change. */
static void broken_sequences_are_not_valid(void **state)
{
	static const unsigned char edges[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
					       0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
					       0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xfe, 0xff };
	enum { N = sizeof edges };
	unsigned char text[4];

	(void)state;
	for (unsigned i = 0; i < N * N * N * N; i++) {
		text[0] = edges[i % N];
		text[1] = edges[i / N % N];
		text[2] = edges[i / N / N % N];
		text[3] = edges[i / N / N / N];
		if (text_utf8_valid((const char *)text, 4) != plainly_valid(text, 4))
			fail_msg("%02x %02x %02x %02x", text[0], text[1], text[2], text[3]);
	}
}

/* ---- Cutting ------------------------------------------------------------- */

/* Texts of one character repeated, cut at every length, after a prefix of every length below it. */
static void a_cut_splits_no_character(void **state)
{
	static const uint32_t codes[] = { 0x41, 0xe9, 0x20ac, 0x1f600 };
	unsigned char text[64], one[8];

	(void)state;
	for (size_t c = 0; c < 4; c++) {
		size_t n = encode(codes[c], one);
		for (size_t prefix = 0; prefix < 4; prefix++) {
			memset(text, 'p', prefix);
			for (size_t at = prefix; at + n <= sizeof text; at += n)
				memcpy(text + at, one, n);
			for (size_t max = prefix; max < 40; max++)
				assert_int_equal(text_cut((const char *)text, max),
						 prefix + (max - prefix) / n * n);
		}
	}
}

static void a_cut_of_invalid_utf8_loses_at_most_three_bytes(void **state)
{
	char text[64];

	(void)state;
	memset(text, 0x80, sizeof text);
	for (size_t max = 0; max < sizeof text - 1; max++) {
		size_t cut = text_cut(text, max);
		assert_true(cut <= max && max - cut <= 3);
	}
}

static void fitting_says_whether_something_was_cut(void **state)
{
	char text[64];
	bool cut;

	(void)state;
	for (size_t length = 0; length < sizeof text; length++) {
		memset(text, 'x', length);
		text[length] = '\0';
		assert_int_equal(text_fit(text, 31, &cut), length < 31 ? length : 31);
		assert_int_equal(cut, length > 31);
	}
	memcpy(text, "0123456\xe2\x82\xac", 11);
	assert_int_equal(text_fit(text, 10, &cut), 10);
	assert_false(cut);
	for (size_t max = 7; max < 10; max++) {
		assert_int_equal(text_fit(text, max, &cut), 7);
		assert_true(cut);
	}
}

/* ---- Storing ------------------------------------------------------------- */

enum { LONGEST = 512, GUARD = 0xa5 };

/* The documented effect of text_store(), byte by byte. */
static void plain_store(unsigned char *field, const char *text, size_t length)
{
	memset(field, 0, (length / 8 + 1) * 8);
	for (size_t i = 0; i < length; i++)
		field[i] = (unsigned char)text[i];
}

/* Three pages, of which only the middle one is accessible. */
static char *lonely_page(void)
{
	char *pages = mmap(NULL, (size_t)3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE) < 0)
		harness_die("no page");
	return pages + 4096;
}

static void expect_stored(const char *text, size_t length)
{
	static uint64_t field[LONGEST / 8 + 3], expected[LONGEST / 8 + 3];
	uint64_t tail = 0;

	memset(field, GUARD, sizeof field);
	memset(expected, GUARD, sizeof expected);
	text_store(field, text, length);
	plain_store((unsigned char *)expected, text, length);
	assert_memory_equal(field, expected, sizeof field);
	memcpy(&tail, text + length / 8 * 8, length % 8);
	assert_int_equal(text_tail(text, length), tail);
}

static void texts_are_stored_whole_at_every_length_and_alignment(void **state)
{
	char *page = lonely_page();

	(void)state;
	for (size_t length = 0; length <= LONGEST; length++) {
		for (size_t shift = 0; shift < 8; shift++) {
			char *text = page + shift;
			for (size_t i = 0; i < length; i++)
				text[i] = (char)(1 + (i * 7 + length + shift) % 255);
			text[length] = '\0';
			expect_stored(text, length);
			/* Also with an inaccessible page directly after the text. */
			char *last = page + 4096 - length - 1;
			memmove(last, text, length + 1);
			expect_stored(last, length);
		}
	}
	munmap(page - 4096, (size_t)3 * 4096);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ids_hold_their_alphabet_and_no_other_byte),
	cmocka_unit_test(ids_are_names_in_a_path),
	cmocka_unit_test(words_hold_their_alphabet_and_no_other_byte),
	cmocka_unit_test(keys_have_their_lengths_and_no_others),
	cmocka_unit_test(an_owner_may_end_in_a_character_of_any_length),
	cmocka_unit_test(every_character_but_surrogates_is_valid),
	cmocka_unit_test(broken_sequences_are_not_valid),
	cmocka_unit_test(a_cut_splits_no_character),
	cmocka_unit_test(a_cut_of_invalid_utf8_loses_at_most_three_bytes),
	cmocka_unit_test(fitting_says_whether_something_was_cut),
	cmocka_unit_test(texts_are_stored_whole_at_every_length_and_alignment),
};

SUITE(tests)
