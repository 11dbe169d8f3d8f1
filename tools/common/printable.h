/* SPDX-License-Identifier: MIT */
/*
 * Text from the board may hold any bytes. Before it reaches a terminal or a JSON document it goes
 * through here: what comes out is UTF-8 without control characters, so that no name can move a
 * cursor, set a title, forge a line or turn the direction of writing round.
 */
#ifndef COMMON_PRINTABLE_H
#define COMMON_PRINTABLE_H

#include <stddef.h>

/* What one byte may become: U+FFFD takes three. */
#define PRINTABLE_ROOM(bytes) ((bytes)*3 + 1)

/*
 * Copy text up to its NUL, or as much as fits without cutting a character. Tabs and line ends
 * become spaces, other control characters and what is not UTF-8 become U+FFFD. Returns the length.
 */
size_t printable_line(char *to, size_t size, const char *text);

/* The same for text of several lines (JSON escapes them): tabs and line feeds stay. */
size_t printable_text(char *to, size_t size, const char *text);

#endif
