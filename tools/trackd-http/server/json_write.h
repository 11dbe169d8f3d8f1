/* SPDX-License-Identifier: MIT */
/*
 * JSON written straight into a buffer, for the documents that are asked for most. To the byte what
 * jansson writes of the same values. Each returns the end; the caller has made sure of the room.
 */
#ifndef TRACKD_HTTP_SERVER_JSON_WRITE_H
#define TRACKD_HTTP_SERVER_JSON_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The ends of a text; each of its bytes escaped, or a sign of three bytes in its place. */
#define JSON_ROOM(bytes) (2 + (bytes)*3)
#define JSON_ROOM_NUMBER 20

/* As it stands: names of members, brackets. Inline, so that the length of a constant is one, too. */
static inline char *json_write_plain(char *to, const char *text)
{
	return stpcpy(to, text);
}

/* The name of a member that is not the first; a constant. */
#define json_write_key(to, name) json_write_plain((to), ",\"" name "\":")

/* A string: any bytes, at most TRACKD_ERROR_MAX; what is not text is replaced. */
char *json_write_text(char *to, const char *text);
/* "" is null. */
char *json_write_optional(char *to, const char *text);
char *json_write_number(char *to, uint64_t value);
/* 0 is null. */
char *json_write_number_or_null(char *to, uint64_t value);

#endif
