/* SPDX-License-Identifier: MIT */
/*
 * Base64url without padding (RFC 4648, section 5), as JWS requires. It is strict: bytes have
 * exactly one encoding, so that a valid token cannot be altered into another valid token.
 */
#ifndef TRACKD_HTTP_AUTH_BASE64URL_H
#define TRACKD_HTTP_AUTH_BASE64URL_H

#include <stddef.h>

/* Room for n bytes encoded, with a NUL; and for n characters decoded. */
#define BASE64URL_ROOM(n) (((n)*4 + 2) / 3 + 1)
#define BASE64URL_BYTES(n) ((n) / 4 * 3 + 2)

/* Write the characters and a NUL. Returns their number, or -ENOMEM. */
int base64url_encode(char *to, const void *from, size_t n);

/* The number of bytes written; -EINVAL: padding, spaces, another alphabet or leftover bits;
 * -ENOMEM. */
int base64url_decode(void *to, const char *from, size_t length);

#endif
