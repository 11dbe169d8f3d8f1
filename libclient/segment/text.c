/* SPDX-License-Identifier: MIT */
/* Keys are never cut; texts are cut between characters. UTF-8 as in RFC 3629: no surrogates, no
 * overlong forms. */
#include "libclient/segment/text.h"
#include "libclient/trackd.h"
#include <string.h>

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_id_punctuation(char c)
{
	switch (c) {
	case '.':
	case '_':
	case '~':
	case ':':
	case '@':
	case '+':
	case '=':
	case '-':
		return true;
	default:
		return false;
	}
}

bool text_id_valid(const char *id)
{
	size_t length = 0;

	for (; id[length] != '\0'; length++)
		if (length == TRACKD_ID_MAX ||
		    !(is_alnum(id[length]) || is_id_punctuation(id[length])))
			return false;
	/* These two have a special meaning in URLs and paths. */
	return length > 0 && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

bool text_word_valid(const char *word)
{
	size_t length = 0;

	for (; word[length] != '\0'; length++) {
		char c = word[length];
		if (length == TRACKD_STAGE_NAME_MAX)
			return false;
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return length > 0;
}

/* Length of the character at text, or 0 if it is not valid UTF-8. */
static size_t utf8_character(const unsigned char *text, size_t length)
{
	unsigned char lead = text[0];
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t n;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf) {
		n = 2;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		n = 3;
		low = lead == 0xe0 ? 0xa0 : low;
		high = lead == 0xed ? 0x9f : high;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		n = 4;
		low = lead == 0xf0 ? 0x90 : low;
		high = lead == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (n > length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return n;
}

bool text_utf8_valid(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t n;

	for (size_t i = 0; i < length; i += n) {
		n = utf8_character(bytes + i, length - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool text_owner_valid(const char *owner)
{
	size_t length = strnlen(owner, TRACKD_OWNER_MAX + 1);

	return length <= TRACKD_OWNER_MAX && text_utf8_valid(owner, length);
}

size_t text_cut(const char *text, size_t max)
{
	/* Step back over at most three continuation bytes: text that is not UTF-8 may be cut
	 * anywhere. */
	for (size_t back = 0; back < 4 && back <= max; back++)
		if (((unsigned char)text[max - back] & 0xc0) != 0x80)
			return max - back;
	return max;
}
