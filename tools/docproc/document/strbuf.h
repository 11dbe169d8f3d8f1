/* SPDX-License-Identifier: MIT */
/* A growing text buffer. */
#ifndef DOCPROC_LANGUAGE_STRBUF_H
#define DOCPROC_LANGUAGE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty buffer. bytes ends with a NUL once something was added. */
struct strbuf {
	char *bytes;
	size_t length, room;
};

/* 0 or -ENOMEM; on failure the buffer stays unchanged. */
int strbuf_add(struct strbuf *buffer, const char *bytes, size_t length);
int strbuf_add_char(struct strbuf *buffer, int32_t code_point); /* not a surrogate */
void strbuf_free(struct strbuf *buffer);

/* Returns the text, in no more memory than it needs, and empties the buffer. NULL: no memory. */
char *strbuf_take(struct strbuf *buffer);

#endif
