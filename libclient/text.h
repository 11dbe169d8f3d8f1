/* SPDX-License-Identifier: MIT */
/* Bytes of strings: what a key may hold, and where a text may be cut. */
#ifndef TRACKD_TEXT_H
#define TRACKD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_id_valid(const char *id);       /* 1 to 63 bytes of A-Za-z0-9._~:@+=- */
bool text_owner_valid(const char *owner); /* 0 to 63 bytes of UTF-8 */
bool text_word_valid(const char *word); /* a kind's or a stage's name: 1 to 31 bytes of a-z0-9_- */
bool text_utf8_valid(const char *text, size_t length);

/* How many bytes of text (up to its NUL) fit into max without splitting a character. *ret_cut:
 * whether some do not. */
size_t text_fit(const char *text, size_t max, bool *ret_cut);

#endif
