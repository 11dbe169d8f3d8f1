/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes strings: UTF-8 is compared with another decoder, and truncation keeps a text valid if it
 * was valid, and within its limit.
 */
#include "libclient/segment/text.h"
#include "tests/fuzz/target.h"

/* Decode, then ask whether the value needed that many bytes and may stand for a character. */
static bool decodes(const uint8_t *at, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	while (left > 0) {
		size_t n = at[0] < 0x80         ? 1
			   : at[0] >> 5 == 0x06 ? 2
			   : at[0] >> 4 == 0x0e ? 3
			   : at[0] >> 3 == 0x1e ? 4
						: 0;
		if (n == 0 || n > left)
			return false;
		uint32_t value = n == 1 ? at[0] : at[0] & (0x7fu >> n);
		for (size_t i = 1; i < n; i++) {
			if (at[i] >> 6 != 2)
				return false;
			value = value << 6 | (at[i] & 0x3fu);
		}
		if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
			return false;
		at += n;
		left -= n;
	}
	return true;
}

static void check_cut(const char *text, size_t max)
{
	bool cut = false;
	size_t length = strlen(text), kept = text_fit(text, max, &cut);

	if (kept > max || kept > length || cut != (kept < length))
		fail("a cut that is none");
	if (length > max && max - kept > 3)
		fail("more was cut than a character");
	if (text_utf8_valid(text, length) && !text_utf8_valid(text, kept))
		fail("a cut through a character");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = target_text(data, size);

	if (text_utf8_valid(text, size) != decodes(data, size))
		fail("not what the other decoder says");
	/* Every limit there is holds many characters. */
	for (size_t max = 4; max < size + 3 && max < 80; max++)
		check_cut(text, max);
	if (text_id_valid(text) && (strlen(text) == 0 || strlen(text) > 63))
		fail("an id of a length that is none");
	(void)text_owner_valid(text);
	(void)text_word_valid(text);
	free(text);
	return 0;
}
