/* SPDX-License-Identifier: MIT */
/* Words whose full stop does not end a sentence. */
#ifndef DOCPROC_LANGUAGE_ABBREVIATION_H
#define DOCPROC_LANGUAGE_ABBREVIATION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the full stop at the end of text belongs to an abbreviation, an initial or an ordinal
 * number and does not end a sentence. next: the text after the white space, at least one byte, with
 * a NUL at its end.
 */
bool abbreviation_ends(const char *language, const char *text, size_t length, const char *next);

#endif
