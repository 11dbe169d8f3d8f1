/* SPDX-License-Identifier: MIT */
/* Which bytes a key may contain, and where a text may be cut. */
#ifndef TRACKD_SEGMENT_TEXT_H
#define TRACKD_SEGMENT_TEXT_H

#include "libclient/segment/atomic.h"
#include <string.h>

bool text_id_valid(const char *id);       /* 1 to 63 bytes of A-Za-z0-9._~:@+=-; not . or .. */
bool text_owner_valid(const char *owner); /* 0 to 63 bytes of UTF-8 */
bool text_word_valid(const char *word); /* a kind's or a stage's name: 1 to 31 bytes of a-z0-9_- */
bool text_utf8_valid(const char *text, size_t length);

/* Where to cut a text that is longer than max without splitting a character. */
size_t text_cut(const char *text, size_t max);

/* How many bytes of text (up to its NUL) fit into max. *ret_cut: whether the text is longer. */
static inline size_t text_fit(const char *text, size_t max, bool *ret_cut)
{
	size_t length = strnlen(text, max + 1);

	*ret_cut = length > max;
	return __builtin_expect(length <= max, 1) ? length : text_cut(text, max);
}

/* Eight bytes of a text as a word, and its last `length % 8` bytes as one, padded with zeros.
 * Little-endian, as the fingerprint guarantees. */
static inline uint64_t text_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

static inline uint64_t text_tail(const char *text, size_t length)
{
	size_t rest = length % 8;
	uint64_t tail = 0;

	if (rest != 0 && length >= 8)
		return text_word(text + length - 8) >> (8 * (8 - rest));
	for (size_t i = 0; i < rest; i++)
		tail |= (uint64_t)(uint8_t)text[i] << (8 * i);
	return tail;
}

/* Write a text of this length and its NUL to a field of the segment in relaxed words, length / 8 +
 * 1 of them. */
static inline void text_store(void *field, const char *text, size_t length)
{
	word_t *words = field;
	size_t whole = length / 8;

	for (size_t i = 0; i < whole; i++)
		store_relaxed(&words[i], text_word(text + 8 * i));
	store_relaxed(&words[whole], text_tail(text, length));
}

#endif
