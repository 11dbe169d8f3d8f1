/* SPDX-License-Identifier: MIT */
/* Paragraphs for a terminal: lines that end where Unicode lets them, some words marked. */
#ifndef DOCPROC_CLI_WRAP_H
#define DOCPROC_CLI_WRAP_H

#include "tools/docproc/search/passage.h"
#include <stdbool.h>
#include <stdio.h>

struct wrap {
	bool tty;     /* a terminal that knows bold */
	size_t cells; /* a line; 0: do not wrap */
};

/* What stdout is. */
struct wrap wrap_look(void);

/* "\033[1m" and its end, or "". */
const char *wrap_on(const struct wrap *wrap);
const char *wrap_off(const struct wrap *wrap);

/* Print printable text behind indent spaces, the first line included. */
void wrap_print(FILE *to, const struct wrap *wrap, size_t indent, const char *text,
		const struct passage_mark *marks, size_t n_marks);

#endif
