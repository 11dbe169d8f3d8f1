/* SPDX-License-Identifier: MIT */
/*
 * Base64url without padding (RFC 4648, section 5), as JWS asks. Strict: bytes have one spelling, so
 * that a verified token cannot be varied into another one that verifies.
 */
#ifndef TRACKD_HTTP_AUTH_BASE64URL_H
#define TRACKD_HTTP_AUTH_BASE64URL_H

#include <stddef.h>

/* What n bytes become, NUL included; what n characters may become. */
#define BASE64URL_ROOM(n) (((n)*4 + 2) / 3 + 1)
#define BASE64URL_BYTES(n) ((n) / 4 * 3 + 2)

/* Write the characters and a NUL. Returns their number, or -ENOMEM. */
int base64url_encode(char *to, const void *from, size_t n);

/* Number of bytes written; -EINVAL: padding, spaces, other alphabets, bits left over; -ENOMEM. */
int base64url_decode(void *to, const char *from, size_t length);

#endif
