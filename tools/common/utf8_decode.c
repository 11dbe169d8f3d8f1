/* SPDX-License-Identifier: MIT */
#include "tools/common/utf8_decode.h"

/* By the first byte: the length of the character, its payload bits, and the range of the second
 * byte, which excludes overlong forms, surrogates and code points beyond Unicode. */
static const struct form {
	uint8_t first, last, bits, length, second_first, second_last;
} forms[] = {
	{ 0x00, 0x7f, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 0x1f, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 0x0f, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 0x0f, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 0x0f, 3, 0x80, 0x9f }, { 0xee, 0xef, 0x0f, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 0x07, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 0x07, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 0x07, 4, 0x80, 0x8f },
};

static const struct form *form_of(uint8_t byte)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (byte >= forms[i].first && byte <= forms[i].last)
			return &forms[i];
	return NULL;
}

int utf8_decode(const void *text, size_t n, uint32_t *ret_code)
{
	const uint8_t *byte = text;
	const struct form *form = n > 0 ? form_of(byte[0]) : NULL;

	if (n == 0)
		return 0;
	if (!form)
		return -1;
	uint32_t code = byte[0] & form->bits;
	for (size_t i = 1; i < form->length; i++) {
		if (i == n)
			return 0;
		if (byte[i] < (i == 1 ? form->second_first : 0x80) ||
		    byte[i] > (i == 1 ? form->second_last : 0xbf))
			return -1;
		code = code << 6 | (byte[i] & 0x3fu);
	}
	if (ret_code)
		*ret_code = code;
	return form->length;
}
