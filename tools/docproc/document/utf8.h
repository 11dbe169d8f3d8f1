/* SPDX-License-Identifier: MIT */
/* ICU's UTF-8 macros as functions: their implicit conversions do not pass our warnings. */
#ifndef DOCPROC_LANGUAGE_UTF8_H
#define DOCPROC_LANGUAGE_UTF8_H

#include <unicode/utf16.h>
#include <unicode/utf8.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* The character at *at; *at moves behind it. Negative if it is not UTF-8. Requires *at < length. */
static inline UChar32 utf8_next(const char *text, int32_t *at, int32_t length)
{
	UChar32 c;

	U8_NEXT(text, *at, length, c);
	return c;
}

/* The character before *at; *at moves to it. Requires *at > 0. */
static inline UChar32 utf8_previous(const char *text, int32_t *at)
{
	UChar32 c;

	U8_PREV(text, 0, *at, c);
	return c;
}

/* length, reduced so that it does not cut a character. text[length] must be readable. */
static inline int32_t utf8_floor(const char *text, int32_t length)
{
	U8_SET_CP_START((const uint8_t *)text, 0, length);
	return length;
}

/* Writes c to ret_bytes; returns the number of bytes. */
static inline int32_t utf8_put(char ret_bytes[U8_MAX_LENGTH], UChar32 c)
{
	int32_t n = 0;

	U8_APPEND_UNSAFE(ret_bytes, n, c);
	return n;
}

static inline UChar32 utf16_next(const UChar *text, int32_t *at, int32_t length)
{
	UChar32 c;

	U16_NEXT(text, *at, length, c);
	return c;
}

#pragma GCC diagnostic pop

#endif
