/* SPDX-License-Identifier: MIT */
/* Words whose full stop does not end a sentence. */
#ifndef DOCPROC_LANGUAGE_ABBREVIATION_H
#define DOCPROC_LANGUAGE_ABBREVIATION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the full stop at the end of text belongs to an abbreviation, an initial or an ordinal
 * number rather than ends a sentence. next: what comes after the white space, at least one byte
 * and a NUL somewhere.
 */
bool abbreviation_ends(const char *language, const char *text, size_t length, const char *next);

#endif
