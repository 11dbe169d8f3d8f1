/* SPDX-License-Identifier: MIT */
/*
 * A decoder for one code point at a time (RFC 3629: no surrogates, no overlong forms), and a list
 * of characters that must not be shown.
 */
#include "tools/common/printable.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

struct character {
	uint32_t code;
	size_t bytes; /* 0: not UTF-8 */
};

/* The text ends with a NUL, which is not a continuation byte, so nothing behind it is read. */
static struct character decode(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	static const struct {
		unsigned char mask, lead;
		uint32_t smallest;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < sizeof forms / sizeof forms[0]; n++) {
		if ((byte[0] & forms[n].mask) != forms[n].lead)
			continue;
		uint32_t code = byte[0] & (uint32_t)(unsigned char)~forms[n].mask;

		for (size_t i = 1; i <= n; i++) {
			if ((byte[i] & 0xc0) != 0x80)
				return (struct character){ 0 };
			code = code << 6 | (byte[i] & 0x3fu);
		}
		if (code < forms[n].smallest || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return (struct character){ 0 };
		return (struct character){ code, n + 1 };
	}
	return (struct character){ 0 };
}

/* Terminal controls (C0, DEL, C1), line separators, and marks that change the direction of text
 * (Unicode Technical Report 36, "bidirectional text spoofing"). */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0xfeff;
}

static bool is_blank(char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

static size_t copy(char *to, size_t size, const char *text, bool lines)
{
	size_t length = 0;

	while (*text != '\0') {
		struct character character = decode(text);
		const char *from = text;
		size_t bytes = character.bytes;

		if (is_blank(*text)) {
			if (!lines || *text == '\r')
				from = " ";
		} else if (bytes == 0 || is_unsafe(character.code)) {
			from = REPLACEMENT;
			bytes = strlen(REPLACEMENT);
		}
		if (length + bytes >= size)
			break;
		memcpy(to + length, from, bytes);
		length += bytes;
		text += character.bytes ? character.bytes : 1;
	}
	if (size > 0)
		to[length] = '\0';
	return length;
}

size_t printable_line(char *to, size_t size, const char *text)
{
	return copy(to, size, text, false);
}

size_t printable_text(char *to, size_t size, const char *text)
{
	return copy(to, size, text, true);
}
