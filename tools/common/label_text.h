/* SPDX-License-Identifier: MIT */
/* The labels of a task one after another. The text is from the board and may hold any bytes: what is
 * no label, or has the key of an earlier one, is skipped. */
#ifndef COMMON_LABEL_TEXT_H
#define COMMON_LABEL_TEXT_H

#include "libclient/trackd.h"

struct label {
	char key[TRACKD_LABEL_KEY_MAX + 1];  /* only of bytes that keys may have */
	char value[TRACKD_LABELS_BYTES + 1]; /* any bytes but line ends */
};

/* Read the label at *at, which the first call has at the beginning of `text`. False: there are no
 * more. */
bool label_text_next(const char *text, const char **at, struct label *ret_label);

/* Whether the labels have the wanted one: "key=value", or "key" with any value. */
bool label_text_has(const char *text, const char *wanted);

/* Whether it can be wanted: a valid key, alone or with a value. */
bool label_text_wanted_valid(const char *wanted);

#endif
