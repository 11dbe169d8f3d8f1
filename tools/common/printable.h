/* SPDX-License-Identifier: MIT */
/*
 * Text from the board may hold any bytes. These functions convert it before it reaches a terminal
 * or a JSON document: the result is UTF-8 without control characters, so that no name can move the
 * cursor, set a title, forge a line or reverse the direction of text.
 */
#ifndef COMMON_PRINTABLE_H
#define COMMON_PRINTABLE_H

#include <stddef.h>

/* The most that one byte can become: U+FFFD has three bytes. */
#define PRINTABLE_ROOM(bytes) ((bytes)*3 + 1)

/*
 * Copy text up to its NUL, or as much as fits without cutting a character. Tabs and line ends
 * become spaces; other control characters and invalid UTF-8 become U+FFFD. Returns the length.
 */
size_t printable_line(char *to, size_t size, const char *text);

/* The same for text of several lines (JSON escapes them): tabs and line feeds are kept. */
size_t printable_text(char *to, size_t size, const char *text);

#endif
