/* SPDX-License-Identifier: MIT */
/* A text that grows. */
#ifndef DOCPROC_LANGUAGE_STRBUF_H
#define DOCPROC_LANGUAGE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. bytes ends with a NUL once something was added. */
struct strbuf {
	char *bytes;
	size_t length, room;
};

/* 0 or -ENOMEM; what was there stays. */
int strbuf_add(struct strbuf *buffer, const char *bytes, size_t length);
int strbuf_add_char(struct strbuf *buffer, int32_t code_point); /* not a surrogate */
void strbuf_free(struct strbuf *buffer);

/* The text itself, in no more memory than it needs; the buffer is empty then. NULL: no memory. */
char *strbuf_take(struct strbuf *buffer);

#endif
