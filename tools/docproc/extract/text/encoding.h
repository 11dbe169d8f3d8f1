/* SPDX-License-Identifier: MIT */
/*
 * The encoding of a plain text, and its conversion. Byte order marks and UTF-8 are certain and are
 * checked first (document_type.h). Otherwise ICU's detector guesses, within limits:
 *
 * - A text of under ENCODING_GUESS_MIN bytes is too short for a guess and is read as Windows-1252,
 *   the Latin-1 of the web.
 * - A guess needs a minimum confidence, which depends on the kind of encoding (encoding.c).
 *   Otherwise the text is read as Windows-1252.
 * - An encoding of a Latin alphabet is rejected if more than a quarter of the bytes are not ASCII, and
 *   Windows-1252 if the text has bytes that it leaves undefined.
 */
#ifndef DOCPROC_ENCODING_H
#define DOCPROC_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

enum { ENCODING_GUESS_MIN = 64 };

/* ICU's name of the encoding, a literal; NULL: this is not text. whole: the bytes are the complete
 * text. */
const char *encoding_name(const void *bytes, size_t n, bool whole);

/* Replace *bytes, allocated with malloc(), by the same text in UTF-8. Bytes that the encoding does
 * not define become U+FFFD. 0; -EFBIG over CONTENT_BYTES_MAX; -ENOMEM; -EIO: ICU lacks the
 * encoding. */
int encoding_to_utf8(const char *name, char **bytes, size_t *size);

#endif
