/* SPDX-License-Identifier: MIT */
/*
 * Tokens that were verified, until they expire: TOKEN_CACHE_SIZE of them, then the one that was not
 * used for longest makes room. A token is known by the SHA-256 of it and a random seed, so that its
 * text is nowhere kept, nobody can make two that are taken for one another, and nobody can choose
 * tokens that share a bucket.
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

/* NULL: memory or the kernel's randomness is out. */
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

/* length: at most AUTH_TOKEN_MAX. false: there is none (never seen). */
bool token_cache_print(const struct token_cache *cache, const char *token, size_t length,
		       struct token_print *ret_print);

/* The identity of a token that is known and has not expired. */
bool token_cache_find(struct token_cache *cache, const struct token_print *print, int64_t now,
		      struct identity *ret_identity);
/* For one that find() did not find. */
void token_cache_add(struct token_cache *cache, const struct token_print *print,
		     const struct identity *identity);
void token_cache_clear(struct token_cache *cache);

#endif
