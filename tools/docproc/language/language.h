/* SPDX-License-Identifier: MIT */
/*
 * Guesses the language of a text: by its script, and where many languages share one, by stop
 * words.
 */
#ifndef DOCPROC_LANGUAGE_LANGUAGE_H
#define DOCPROC_LANGUAGE_LANGUAGE_H

#include "tools/docproc/document/content.h"

/* ISO 639-1, or "und". Looks at a sample of about 128 KiB from all parts of the document. */
void language_guess(const struct content *content, char ret_language[8]);

/* Whether a lower-case word is a stop word in any known language. */
bool language_stop_word(const char *word, size_t length);

#endif
