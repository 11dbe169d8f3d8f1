/* SPDX-License-Identifier: MIT */
/*
 * The encoding of a plain text, and its conversion. Byte order marks and UTF-8 are facts and come first
 * (document_type.h). What is neither is guessed by ICU's detector, within limits:
 * - A text of under ENCODING_GUESS_MIN bytes is too short for a guess and taken for Windows-1252, the
 *   Latin-1 of the web.
 * - A guess needs confidence; how much depends on the kind of encoding (encoding.c). Without it the text
 *   is Windows-1252.
 * - An encoding of a Latin alphabet is none for a text of which more than a quarter of the bytes are
 *   beyond ASCII, and Windows-1252 none for bytes that it leaves undefined.
 */
#ifndef DOCPROC_ENCODING_H
#define DOCPROC_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

enum { ENCODING_GUESS_MIN = 64 };

/* ICU's name of it; NULL: this is no text. whole: the bytes are all of the text. A literal. */
const char *encoding_name(const void *bytes, size_t n, bool whole);

/* Replace *bytes, which malloc() gave, by the same text in UTF-8. What the encoding does not have
 * becomes U+FFFD. 0; -EFBIG over CONTENT_BYTES_MAX; -ENOMEM; -EIO: ICU lacks the encoding. */
int encoding_to_utf8(const char *name, char **bytes, size_t *size);

#endif
