/* SPDX-License-Identifier: MIT */
/* Fixed arrays and indices: a hash table of chains, and a ring through the same entries in order of
 * use, from the most recent (older than the anchor) to the least recent (newer than it). Entry 0 is
 * the ring's anchor and the end of every chain. */
#include "tools/trackd-http/auth/token_cache.h"
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SEED_SIZE = 32, N_BUCKETS = TOKEN_CACHE_SIZE };

struct entry {
	struct token_print print;
	struct identity identity;
	uint32_t next;         /* in the chain */
	uint32_t newer, older; /* in the ring */
};

struct token_cache {
	uint8_t seed[SEED_SIZE];
	uint32_t n; /* entries that have been used at some time; the others follow them */
	uint32_t buckets[N_BUCKETS];
	struct entry entries[TOKEN_CACHE_SIZE + 1];
};

struct token_cache *token_cache_new(void)
{
	struct token_cache *cache = calloc(1, sizeof *cache);

	if (cache && getrandom(cache->seed, SEED_SIZE, 0) != SEED_SIZE) {
		free(cache);
		return NULL;
	}
	return cache;
}

void token_cache_free(struct token_cache *cache)
{
	free(cache);
}

bool token_cache_print(const struct token_cache *cache, const char *token, size_t length,
		       struct token_print *ret_print)
{
	uint8_t text[SEED_SIZE + AUTH_TOKEN_MAX];

	if (length > AUTH_TOKEN_MAX)
		return false;
	memcpy(text, cache->seed, SEED_SIZE);
	memcpy(text + SEED_SIZE, token, length);
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text, SEED_SIZE + length, ret_print->bytes) == 0;
}

/* ---- Chains ------------------------------------------------------------- */

static uint32_t *bucket(struct token_cache *cache, const struct token_print *print)
{
	uint32_t number;

	memcpy(&number, print->bytes, sizeof number);
	return &cache->buckets[number % N_BUCKETS];
}

static void chain_remove(struct token_cache *cache, uint32_t index)
{
	uint32_t *at = bucket(cache, &cache->entries[index].print);

	while (*at != index)
		at = &cache->entries[*at].next;
	*at = cache->entries[index].next;
}

/* ---- The ring ----------------------------------------------------------- */

static void ring_remove(struct token_cache *cache, uint32_t index)
{
	struct entry *entry = &cache->entries[index];

	cache->entries[entry->newer].older = entry->older;
	cache->entries[entry->older].newer = entry->newer;
}

/* Insert as the most recently used. */
static void ring_insert(struct token_cache *cache, uint32_t index)
{
	struct entry *entries = cache->entries;

	entries[index].newer = 0;
	entries[index].older = entries[0].older;
	entries[entries[index].older].newer = index;
	entries[0].older = index;
}

static uint32_t evict(struct token_cache *cache)
{
	uint32_t index = cache->entries[0].newer;

	ring_remove(cache, index);
	chain_remove(cache, index);
	return index;
}

/* ---- Using -------------------------------------------------------------- */

/* Prints need no constant-time comparison: without the seed they reveal nothing about a token. An
 * expired entry is not removed; it drops out as the least recently used. */
bool token_cache_find(struct token_cache *cache, const struct token_print *print, int64_t now,
		      struct identity *ret_identity)
{
	uint32_t index = *bucket(cache, print);

	while (index != 0 &&
	       memcmp(cache->entries[index].print.bytes, print->bytes, TOKEN_PRINT_SIZE) != 0)
		index = cache->entries[index].next;
	if (index == 0 || now >= cache->entries[index].identity.expires)
		return false;
	ring_remove(cache, index);
	ring_insert(cache, index);
	*ret_identity = cache->entries[index].identity;
	return true;
}

void token_cache_add(struct token_cache *cache, const struct token_print *print,
		     const struct identity *identity)
{
	uint32_t index = cache->n < TOKEN_CACHE_SIZE ? ++cache->n : evict(cache);
	uint32_t *head = bucket(cache, print);

	cache->entries[index] =
		(struct entry){ .print = *print, .identity = *identity, .next = *head };
	*head = index;
	ring_insert(cache, index);
}
