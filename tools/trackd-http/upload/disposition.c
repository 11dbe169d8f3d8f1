/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/upload/disposition.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *at, *end;
};

struct text {
	char bytes[DISPOSITION_NAME_MAX + 1];
	size_t length;
	bool given, cut;
};

static void add(struct text *text, int byte)
{
	if (text->length == DISPOSITION_NAME_MAX)
		text->cut = true;
	else
		text->bytes[text->length++] = (char)byte;
}

/* ---- Syntax of headers --------------------------------------------------- */

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static bool skip(struct cursor *cursor, char c)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	skip_blanks(cursor);
	return true;
}

/* A token (RFC 9110), or an unquoted name: all but separators. */
static struct cursor token(struct cursor *cursor)
{
	const char *from = cursor->at;

	while (cursor->at < cursor->end && (unsigned char)*cursor->at > ' ' &&
	       *cursor->at != 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", *cursor->at))
		cursor->at++;
	return (struct cursor){ from, cursor->at };
}

static bool is(struct cursor word, const char *name)
{
	return (size_t)(word.end - word.at) == strlen(name) &&
	       strncasecmp(word.at, name, strlen(name)) == 0;
}

/* Browsers encode three bytes as %22, %0D and %0A, but do not encode a percent sign (WHATWG HTML,
 * encoding of form-data), so "%41" is three characters of a name. */
static bool escaped(struct cursor *cursor, struct text *text)
{
	static const struct {
		char code[4], byte;
	} escapes[] = { { "%22", '"' }, { "%0D", '\r' }, { "%0A", '\n' } };

	if (*cursor->at != '%' || cursor->end - cursor->at < 3)
		return false;
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
		if (memcmp(cursor->at, escapes[i].code, 3) == 0) {
			add(text, escapes[i].byte);
			cursor->at += 3;
			return true;
		}
	return false;
}

/* Starts behind the opening quotation mark. */
static bool quoted(struct cursor *cursor, struct text *text)
{
	while (cursor->at < cursor->end && *cursor->at != '"') {
		if (escaped(cursor, text))
			continue;
		if (*cursor->at == '\\' && cursor->at + 1 < cursor->end &&
		    (cursor->at[1] == '"' || cursor->at[1] == '\\'))
			cursor->at++;
		add(text, *cursor->at++);
	}
	return skip(cursor, '"');
}

static bool value_of(struct cursor *cursor, struct text *text)
{
	if (cursor->at < cursor->end && *cursor->at == '"') {
		cursor->at++;
		return quoted(cursor, text);
	}
	struct cursor word = token(cursor);
	for (const char *c = word.at; c < word.end; c++)
		add(text, *c);
	return word.at < word.end;
}

/* ---- charset'language'%41%42 --------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static void add_in_charset(struct text *text, int byte, bool latin1)
{
	if (latin1 && byte >= 0x80) {
		add(text, 0xc0 | byte >> 6);
		add(text, 0x80 | (byte & 0x3f));
	} else {
		add(text, byte);
	}
}

/* Decode an extended value. False: it is malformed, or in an unsupported charset. */
static bool unfold(const struct text *from, struct text *to)
{
	const char *at = from->bytes, *end = from->bytes + from->length;
	const char *first = memchr(at, '\'', from->length);
	const char *second = first ? memchr(first + 1, '\'', (size_t)(end - first - 1)) : NULL;

	if (!second || from->cut)
		return false;
	bool latin1 = is((struct cursor){ at, first }, "ISO-8859-1");
	if (!latin1 && !is((struct cursor){ at, first }, "UTF-8"))
		return false;
	for (at = second + 1; at < end; at++) {
		int byte = (unsigned char)*at;

		if (*at == '%') {
			if (end - at < 3 || digit(at[1]) < 0 || digit(at[2]) < 0)
				return false;
			byte = digit(at[1]) << 4 | digit(at[2]);
			at += 2;
		}
		add_in_charset(to, byte, latin1);
	}
	to->given = true;
	return true;
}

/* ---- The header ----------------------------------------------------------- */

static bool parameter(struct cursor *cursor, struct text *plain, struct text *extended)
{
	struct text other = { .length = 0 }, *text = &other;
	struct cursor name = token(cursor);

	if (name.at == name.end || !skip(cursor, '='))
		return false;
	if (is(name, "filename"))
		text = plain;
	else if (is(name, "filename*"))
		text = extended;
	/* Two names: it is unclear which one is meant. */
	if (text->given)
		return false;
	text->given = true;
	return value_of(cursor, text);
}

int disposition_filename(const char *value, size_t size, char ret_name[DISPOSITION_NAME_MAX + 1])
{
	struct cursor cursor = { value, value + size };
	struct text plain = { .length = 0 }, extended = { .length = 0 }, unfolded = { .length = 0 };
	const struct text *name = &plain;

	skip_blanks(&cursor);
	if (!is(token(&cursor), "form-data"))
		return -EBADMSG;
	while (skip(&cursor, ';'))
		if (cursor.at < cursor.end && !parameter(&cursor, &plain, &extended))
			return -EBADMSG;
	if (cursor.at != cursor.end)
		return -EBADMSG;
	if (extended.given && unfold(&extended, &unfolded))
		name = &unfolded;
	else if (extended.given && !plain.given)
		return -EBADMSG;
	if (!name->given)
		return -ENOENT;
	if (name->cut)
		return -ENAMETOOLONG;
	memcpy(ret_name, name->bytes, name->length);
	ret_name[name->length] = '\0';
	return (int)name->length;
}
