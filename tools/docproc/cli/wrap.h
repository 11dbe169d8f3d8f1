/* SPDX-License-Identifier: MIT */
/* Wraps paragraphs for a terminal at Unicode line breaks, with some words highlighted. */
#ifndef DOCPROC_CLI_WRAP_H
#define DOCPROC_CLI_WRAP_H

#include "tools/docproc/search/passage.h"
#include <stdbool.h>
#include <stdio.h>

struct wrap {
	bool tty;     /* a terminal with bold text */
	size_t cells; /* per line; 0: do not wrap */
};

/* Look at what stdout is. */
struct wrap wrap_look(void);

/* "\033[1m" and its end, or "". */
const char *wrap_on(const struct wrap *wrap);
const char *wrap_off(const struct wrap *wrap);

/* Print printable text indented by `indent` spaces, including the first line. */
void wrap_print(FILE *to, const struct wrap *wrap, size_t indent, const char *text,
		const struct passage_mark *marks, size_t n_marks);

#endif
