/* SPDX-License-Identifier: MIT */
/*
 * GnuTLS does the conversion. It refuses leftover bits and misplaced padding, but it skips spaces
 * and knows only the padded standard alphabet. So the characters are checked and translated here.
 */
#include "tools/trackd-http/auth/base64url.h"
#include <errno.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int base64url_encode(char *to, const void *from, size_t n)
{
	const gnutls_datum_t bytes = { .data = (unsigned char *)from, .size = (unsigned)n };
	gnutls_datum_t text = { 0 };
	size_t length = 0;

	if (n > INT_MAX / 2 || (n > 0 && gnutls_base64_encode2(&bytes, &text) != 0))
		return -ENOMEM;
	for (; length < text.size && text.data[length] != '='; length++) {
		char c = (char)text.data[length];
		to[length] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	to[length] = '\0';
	gnutls_free(text.data);
	return (int)length;
}

/* Translate to the standard alphabet; '=' if the character is not in this alphabet. */
static unsigned char standard(char c)
{
	bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

	return c == '-' ? '+' : c == '_' ? '/' : plain ? (unsigned char)c : '=';
}

/* The text in the standard alphabet, padded. False: it has a character that is not in this
 * alphabet. */
static bool standardise(gnutls_datum_t *text, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		text->data[i] = standard(from[i]);
		if (text->data[i] == '=')
			return false;
	}
	for (text->size = (unsigned)length; text->size % 4 != 0; text->size++)
		text->data[text->size] = '=';
	return true;
}

int base64url_decode(void *to, const char *from, size_t length)
{
	gnutls_datum_t text = { 0 }, bytes = { 0 };
	int n = -EINVAL;

	if (length == 0 || length % 4 == 1 || length > INT_MAX)
		return length == 0 ? 0 : -EINVAL;
	text.data = malloc(length + 2);
	if (!text.data)
		return -ENOMEM;
	if (standardise(&text, from, length) && gnutls_base64_decode2(&text, &bytes) == 0) {
		n = (int)bytes.size;
		memcpy(to, bytes.data, bytes.size);
		gnutls_free(bytes.data);
	}
	free(text.data);
	return n;
}
