/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629: no surrogates, no overlong forms), one character at a time. */
#ifndef COMMON_UTF8_DECODE_H
#define COMMON_UTF8_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* The length of the first character; 0 if the n bytes end within it (or n is 0); -1 if it is not
 * UTF-8. ret_code may be NULL. */
int utf8_decode(const void *text, size_t n, uint32_t *ret_code);

#endif
