/* SPDX-License-Identifier: MIT */
/*
 * Which language a text is in: by its writing, and where many languages share one, by the little
 * words that every sentence has.
 */
#ifndef DOCPROC_LANGUAGE_LANGUAGE_H
#define DOCPROC_LANGUAGE_LANGUAGE_H

#include "tools/docproc/document/content.h"

/* ISO 639-1, or "und". Looks at a sample of some 128 KiB from all over the document. */
void language_guess(const struct content *content, char ret_language[8]);

/* Whether a word, in lower case, is a stop word of any language that we know. */
bool language_stop_word(const char *word, size_t length);

#endif
