/* SPDX-License-Identifier: MIT */
/*
 * Verified tokens, until they expire: at most TOKEN_CACHE_SIZE; the least recently used one is
 * evicted. The key is the SHA-256 of a random seed and the token: so no token's text is stored, no
 * two tokens can be made to collide, and an attacker cannot choose tokens that share a bucket.
 */
#ifndef TRACKD_HTTP_AUTH_TOKEN_CACHE_H
#define TRACKD_HTTP_AUTH_TOKEN_CACHE_H

#include "tools/trackd-http/auth/identity.h"
#include <stddef.h>

enum { TOKEN_CACHE_SIZE = 4096, TOKEN_PRINT_SIZE = 32 };

struct token_cache;

struct token_print {
	uint8_t bytes[TOKEN_PRINT_SIZE];
};

/* NULL: no memory or no randomness. */
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

/* length: at most AUTH_TOKEN_MAX. false: the print could not be made (never seen). */
bool token_cache_print(const struct token_cache *cache, const char *token, size_t length,
		       struct token_print *ret_print);

/* The identity of a token that is cached and has not expired. */
bool token_cache_find(struct token_cache *cache, const struct token_print *print, int64_t now,
		      struct identity *ret_identity);
/* Only for a token that token_cache_find() did not find. */
void token_cache_add(struct token_cache *cache, const struct token_print *print,
		     const struct identity *identity);

#endif
