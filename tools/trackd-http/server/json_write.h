/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON straight into a buffer, for the documents requested most. The output is byte for byte
 * that of jansson. Each function returns the end; the caller ensures that there is room.
 */
#ifndef TRACKD_HTTP_SERVER_JSON_WRITE_H
#define TRACKD_HTTP_SERVER_JSON_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Two quotes, and per byte an escape or a replacement of three bytes. */
#define JSON_ROOM(bytes) (2 + (bytes)*3)
#define JSON_ROOM_NUMBER 20

/* Write text unchanged: names of members, brackets. Inline, so that the length of a literal is a
 * constant. */
static inline char *json_write_plain(char *to, const char *text)
{
	return stpcpy(to, text);
}

/* The name of a member that is not the first; a constant. */
#define json_write_key(to, name) json_write_plain((to), ",\"" name "\":")

/* A string of any bytes, at most TRACKD_ERROR_MAX; invalid UTF-8 is replaced. */
char *json_write_text(char *to, const char *text);
/* As json_write_text(), but "" becomes null. */
char *json_write_optional(char *to, const char *text);
char *json_write_number(char *to, uint64_t value);
/* 0 becomes null. */
char *json_write_number_or_null(char *to, uint64_t value);

#endif
