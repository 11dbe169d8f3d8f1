/* SPDX-License-Identifier: MIT */
/* Forms as they arrive: in pieces of every size, complete, truncated and malformed. */
#include "tests/harness/suite.h"
#include "tools/trackd-http/upload/multipart.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Forms ----------------------------------------------------------------- */

#define FILE_HEAD(parameters)                                                                      \
	"Content-Disposition: form-data; name=\"file\"; " parameters "\r\n\r\n"
#define A_FILE FILE_HEAD("filename=\"a.txt\"")

/* The files passed on: "[name]bytes" for each. */
struct heard {
	char text[1 << 16];
	size_t length;
};

static void add(struct heard *heard, const char *bytes, size_t n)
{
	assert_true(heard->length + n < sizeof heard->text);
	memcpy(heard->text + heard->length, bytes, n);
	heard->length += n;
}

static void on_file(void *user, const char *name, size_t length)
{
	add(user, "[", 1);
	if (name)
		add(user, name, length);
	else
		add(user, "too long", 8);
	add(user, "]", 1);
}

static void on_data(void *user, const char *data, size_t size)
{
	assert_true(size > 0);
	add(user, data, size);
}

static const struct multipart_calls calls = { on_file, on_data };

enum outcome { WHOLE, CUT, BROKEN };

/* In pieces: the first of so many bytes, then the others. */
static enum outcome feed(const char *body, size_t size, size_t first, size_t others,
			 struct heard *heard)
{
	struct multipart multipart;

	*heard = (struct heard){ .length = 0 };
	assert_true(
		multipart_begin(&multipart, "multipart/form-data; boundary=XyZ", &calls, heard));
	for (size_t at = 0, n = first; at < size; at += n, n = others) {
		if (n == 0)
			n = others;
		if (n > size - at)
			n = size - at;
		/* Of its own, so that nothing beside it can be read unnoticed. */
		char *piece = malloc(n);

		assert_non_null(piece);
		memcpy(piece, body + at, n);
		multipart_feed(&multipart, piece, n);
		free(piece);
	}
	return multipart.state == MULTIPART_BROKEN ? BROKEN
	       : multipart_whole(&multipart)       ? WHOLE
						   : CUT;
}

static const struct form {
	const char *body;
	enum outcome outcome;
	const char *heard;
} forms[] = {
	{ "--XyZ\r\n" A_FILE "hello\r\n--XyZ--\r\n", WHOLE, "[a.txt]hello" },
	{ "--XyZ\r\n" A_FILE "\r\n--XyZ--", WHOLE, "[a.txt]" },
	{ "preamble\r\n--XyZ\r\n" A_FILE "x\r\n--XyZ--epilogue\r\n--XyZ\r\n", WHOLE, "[a.txt]x" },
	{ "\r\n--XyZ \t\r\n" A_FILE "x\r\n--XyZ--", WHOLE, "[a.txt]x" },
	/* An incomplete delimiter is content. */
	{ "--XyZ\r\n" A_FILE "\r\n--XyA\r\r\n-\r\n--Xy\r\n\r\n--xyz\r\n--XyZ--", WHOLE,
	  "[a.txt]\r\n--XyA\r\r\n-\r\n--Xy\r\n\r\n--xyz" },
	{ "--XyZ\r\n" A_FILE "--XyZ--\n--XyZ\r\n\r\r\n--XyZ--", WHOLE,
	  "[a.txt]--XyZ--\n--XyZ\r\n\r" },
	{ "--XyZ\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nvalue\r\n--XyZ\r\n" A_FILE
	  "x\r\n--XyZ--",
	  WHOLE, "[a.txt]x" },
	{ "--XyZ\r\n" A_FILE "1\r\n--XyZ\r\n" FILE_HEAD("filename=b") "2\r\n--XyZ--", WHOLE,
	  "[a.txt]1[b]2" },
	{ "--XyZ\r\ncontent-DISPOSITION:form-data;name=f;filename=\"\"\r\n\r\n\r\n--XyZ--", WHOLE,
	  "[]" },
	{ "--XyZ\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: 8BIT\r\n" A_FILE "x\r\n--XyZ--",
	  WHOLE, "[a.txt]x" },
	{ "--XyZ--", WHOLE, "" },
	/* Cut off. */
	{ "--XyZ\r\n" A_FILE "hello", CUT, "[a.txt]hello" },
	{ "--XyZ\r\n" A_FILE "hello\r\n--XyZ", CUT, "[a.txt]hello" },
};

/* Of which nothing is passed on, because they are cut off; and what breaks a whole form in which it
 * stands in front of a file's head. */
static const char *const cut[] = { "", "--XyZ", "--XyZ-", "--XyZ\r\nContent-Dispo",
				   "no form at all" };
static const char *const breaking[] = {
	"--XyZabc\r\n",
	"--XyZ-\r\n",
	"--XyZ\n",
	"--XyZ\r\r\n",
	"--XyZ \r-\r\n",
	"--XyZ\r\n\r\nno head\r\n--XyZ\r\n",
	"--XyZ\r\nContent-Type: text/plain\r\n\r\nx\r\n--XyZ\r\n",
	"--XyZ\r\nno colon\r\n",
	"--XyZ\r\nX: a\r\n folded\r\n",
	"--XyZ\r\nX: a\n",
	"--XyZ\r\nX: a\rb\r\n",
	"--XyZ\r\nContent-Disposition: form-data; name=a\r\n",
	"--XyZ\r\nContent-Transfer-Encoding: base64\r\n",
	"--XyZ\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n--XyZ\r\n",
};

static void check_form(const struct form *form)
{
	static struct heard heard;
	size_t size = strlen(form->body);

	for (size_t first = 0; first <= size; first++)
		for (size_t others = 1; others <= size + 1; others += others < 4 ? 1 : 9) {
			enum outcome outcome = feed(form->body, size, first, others, &heard);

			if (outcome != form->outcome || heard.length != strlen(form->heard) ||
			    memcmp(heard.text, form->heard, heard.length) != 0)
				fail_msg("%s, %zu and %zu: %d, %.*s", form->body, first, others,
					 (int)outcome, (int)heard.length, heard.text);
		}
}

static void forms_in_pieces_of_every_size(void **state)
{
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		check_form(&forms[i]);
	for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
		check_form(&(struct form){ cut[i], CUT, "" });
	for (size_t i = 0; i < sizeof breaking / sizeof breaking[0]; i++) {
		snprintf(body, sizeof body, "%s" A_FILE "x\r\n--XyZ--", breaking[i]);
		check_form(&(struct form){ body, BROKEN, "" });
	}
}

static void a_nul_in_a_head(void **state)
{
	static struct heard heard;
	static const char body[] = "--XyZ\r\nX: a\0\r\n" A_FILE "x\r\n--XyZ--";
	static const char content[] = "--XyZ\r\n" A_FILE "a\0b\r\n--XyZ--";

	(void)state;
	assert_int_equal(feed(body, sizeof body - 1, 0, 7, &heard), BROKEN);
	assert_int_equal(feed(content, sizeof content - 1, 0, 7, &heard), WHOLE);
	assert_memory_equal(heard.text, "[a.txt]a\0b", 10);
}

/* The same ones in every run. */
static size_t below(size_t n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* Random bytes out of what delimiters are made of, beside a search through the whole. */
static void content_is_what_stands_before_the_delimiter(void **state)
{
	static const char letters[] = "\r\n-XyZ";
	static struct heard heard;

	(void)state;
	for (int run = 0; run < 20000; run++) {
		char body[256] = "--XyZ\r\n" A_FILE;
		size_t head = strlen(body), n = below(60);

		for (size_t i = 0; i < n; i++)
			body[head + i] = letters[below(6)];
		memcpy(body + head + n, "\r\n--XyZ--", 10);
		size_t length = (size_t)(strstr(body + head, "\r\n--XyZ") - (body + head));
		(void)feed(body, head + n + 9, below(80), 1 + below(9), &heard);
		assert_true(heard.length >= 7 + length);
		assert_memory_equal(heard.text, "[a.txt]", 7);
		assert_memory_equal(heard.text + 7, body + head, length);
		/* Behind it may come more only by a head, which none of these letters make. */
		assert_int_equal(heard.length, 7 + length);
	}
}

static void bounds(void **state)
{
	static struct heard heard;
	static char body[1 << 16];
	static const char field[] = "Content-Disposition: form-data; name=a\r\n\r\n";
	size_t n = 0;

	(void)state;
	/* A head of the largest size, and one byte more. */
	for (size_t more = 0; more < 2; more++) {
		size_t pad = MULTIPART_HEAD_MAX - 2 - strlen("X: \r\n") - strlen(A_FILE) + more;

		n = (size_t)snprintf(body, sizeof body, "--XyZ\r\nX: %*s\r\n%sx\r\n--XyZ--",
				     (int)pad, "a", A_FILE);
		assert_int_equal(feed(body, n, 0, 1000, &heard), more ? BROKEN : WHOLE);
	}
	for (int parts = MULTIPART_PARTS_MAX; parts <= MULTIPART_PARTS_MAX + 1; parts++) {
		n = 0;
		for (int i = 0; i < parts; i++)
			n += (size_t)snprintf(body + n, sizeof body - n, "--XyZ\r\n%sv\r\n", field);
		n += (size_t)snprintf(body + n, sizeof body - n, "--XyZ--");
		assert_int_equal(feed(body, n, 0, 1000, &heard),
				 parts > MULTIPART_PARTS_MAX ? BROKEN : WHOLE);
	}
}

static void which_content_types_are_forms(void **state)
{
	static const struct {
		const char *type, *delimiter; /* NULL: none */
	} types[] = {
		{ "multipart/form-data; boundary=abc", "\r\n--abc" },
		{ "Multipart/Form-Data;BOUNDARY=\"a b:c\"", "\r\n--a b:c" },
		{ "multipart/form-data; charset=utf-8; boundary=abc; x=y", "\r\n--abc" },
		{ "multipart/form-data; x=\"boundary=no;\"; boundary=yes", "\r\n--yes" },
		{ "multipart/form-data", NULL },
		{ "multipart/form-data;", NULL },
		{ "multipart/form-data; boundary", NULL },
		{ "multipart/form-data; boundary=", NULL },
		{ "multipart/form-data; boundary=\"\"", NULL },
		{ "multipart/form-data; boundary=\"abc", NULL },
		{ "multipart/form-data; boundary=\"abc \"", NULL },
		{ "multipart/form-data; boundary=a\x01z", NULL },
		{ "multipart/form-data; boundary=\"a\\\"z\"", NULL },
		{ "multipart/form-data boundary=abc", NULL },
		{ "multipart/form-datax; boundary=abc", NULL },
		{ "multipart/mixed; boundary=abc", NULL },
		{ "application/pdf", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	struct multipart multipart;
	char longest[256];

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		bool is_form = multipart_begin(&multipart, types[i].type, &calls, NULL);

		if (is_form != (types[i].delimiter != NULL))
			fail_msg("%s", types[i].type);
		if (is_form)
			assert_string_equal(multipart.delimiter, types[i].delimiter);
	}
	for (int length = MULTIPART_BOUNDARY_MAX; length <= MULTIPART_BOUNDARY_MAX + 1; length++) {
		snprintf(longest, sizeof longest, "multipart/form-data; boundary=%0*d", length, 0);
		assert_int_equal(multipart_begin(&multipart, longest, &calls, NULL),
				 length == MULTIPART_BOUNDARY_MAX);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(forms_in_pieces_of_every_size),
	cmocka_unit_test(a_nul_in_a_head),
	cmocka_unit_test(content_is_what_stands_before_the_delimiter),
	cmocka_unit_test(bounds),
	cmocka_unit_test(which_content_types_are_forms),
};

SUITE(tests)
