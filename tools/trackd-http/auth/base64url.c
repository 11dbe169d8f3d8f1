/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/auth/base64url.h"
#include <errno.h>
#include <limits.h>
#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_encode(char *to, const void *from, size_t n)
{
	const uint8_t *at = from;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | at[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			to[length++] = ALPHABET[bits >> (n_bits - 6) & 63];
	}
	if (n_bits > 0)
		to[length++] = ALPHABET[bits << (6 - n_bits) & 63];
	to[length] = '\0';
	return length;
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -EINVAL;
}

int base64url_decode(void *to, const char *from, size_t length)
{
	uint8_t *at = to;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	int n = 0;

	if (length % 4 == 1 || length > INT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		int six = value(from[i]);

		if (six < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)six;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			at[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	/* What is left over must be zero, or two texts would be the same bytes. */
	return (bits & ((1u << n_bits) - 1)) == 0 ? n : -EINVAL;
}
