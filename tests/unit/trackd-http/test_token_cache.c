/* SPDX-License-Identifier: MIT */
/* Verified tokens are cached: no longer than they are valid, no more than there is room for, and
 * not after the keys have changed. And the time that this saves. */
#include "tests/unit/trackd-http/admission.h"
#include "tools/trackd-http/auth/token_cache.h"
#include <errno.h>
#include <time.h>

/* ---- The table ---------------------------------------------------------- */

static struct token_print print_of(const struct token_cache *cache, unsigned number)
{
	struct token_print print;
	char token[32];
	int length = snprintf(token, sizeof token, "token %u", number);

	assert_true(token_cache_print(cache, token, (size_t)length, &print));
	return print;
}

static void add(struct token_cache *cache, unsigned number, int64_t expires)
{
	struct token_print print = print_of(cache, number);
	struct identity identity = { .expires = expires };

	snprintf(identity.owner, sizeof identity.owner, "owner %u", number);
	token_cache_add(cache, &print, &identity);
}

static bool find(struct token_cache *cache, unsigned number, int64_t now)
{
	struct token_print print = print_of(cache, number);
	struct identity identity;
	char owner[32];

	if (!token_cache_find(cache, &print, now, &identity))
		return false;
	snprintf(owner, sizeof owner, "owner %u", number);
	assert_string_equal(identity.owner, owner);
	return true;
}

static void all_that_fit_are_found_and_the_stalest_goes(void **state)
{
	struct token_cache *cache = token_cache_new();

	(void)state;
	for (unsigned i = 0; i < TOKEN_CACHE_SIZE; i++)
		add(cache, i, 100);
	for (unsigned i = 0; i < TOKEN_CACHE_SIZE; i++)
		assert_true(find(cache, i, 1));
	assert_false(find(cache, TOKEN_CACHE_SIZE, 1));
	assert_true(find(cache, 0, 1)); /* now 1 was not used for longest */
	add(cache, TOKEN_CACHE_SIZE, 100);
	assert_true(find(cache, TOKEN_CACHE_SIZE, 1));
	assert_false(find(cache, 1, 1));
	assert_true(find(cache, 0, 1));
	assert_true(find(cache, 2, 1));
	token_cache_free(cache);
}

/* Compared with a simple list in order of use. */
static void the_order_of_use_is_kept_over_many_rounds(void **state)
{
	enum { TOKENS = TOKEN_CACHE_SIZE * 2, ROUNDS = 200000 };
	static uint64_t used[TOKENS];
	struct token_cache *cache = token_cache_new();
	uint32_t random = 1;
	unsigned n_found = 0;

	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		random = random * 1664525u + 1013904223u;
		unsigned number = (random >> 8) % TOKENS, newer = 0;
		bool found = find(cache, number, 1);

		if (!found)
			add(cache, number, 100);
		/* Counting is slow: now and then is enough. */
		if (round % 512 == 0) {
			for (unsigned i = 0; i < TOKENS; i++)
				newer += used[i] > used[number];
			assert_true(found == (used[number] != 0 && newer < TOKEN_CACHE_SIZE));
			n_found += found;
		}
		used[number] = round;
	}
	assert_in_range(n_found, ROUNDS / 512 / 4, ROUNDS / 512 * 3 / 4);
	token_cache_free(cache);
}

static void what_has_expired_is_not_found(void **state)
{
	struct token_cache *cache = token_cache_new();

	(void)state;
	add(cache, 1, 100);
	add(cache, 2, 200);
	assert_true(find(cache, 1, 99));
	assert_false(find(cache, 1, 100));
	assert_true(find(cache, 2, 100));
	token_cache_free(cache);
}

static void prints_are_another_cache_s_own(void **state)
{
	struct token_cache *a = token_cache_new(), *b = token_cache_new();
	struct token_print of_a = print_of(a, 1), again = print_of(a, 1), of_b = print_of(b, 1);
	char longest[AUTH_TOKEN_MAX + 1] = { 0 };

	(void)state;
	assert_memory_equal(&of_a, &again, sizeof of_a);
	assert_memory_not_equal(&of_a, &of_b, sizeof of_a);
	assert_true(token_cache_print(a, longest, AUTH_TOKEN_MAX, &of_a));
	assert_false(token_cache_print(a, longest, AUTH_TOKEN_MAX + 1, &of_a));
	token_cache_free(a);
	token_cache_free(b);
}

/* ---- Through auth_check() ----------------------------------------------- */

static void a_remembered_token_expires(void **state)
{
	struct auth *auth = *state;
	const char *text = forge(&hs, HS256, CLAIMS);
	struct identity identity;

	for (int64_t now = 1700003600 - 3; now < 1700003600 + AUTH_LEEWAY_S; now++)
		assert_int_equal(auth_check(auth, text, now, &identity), AUTH_NONE);
	for (int64_t now = 1700003600 + AUTH_LEEWAY_S; now < 1700003900; now++)
		assert_int_equal(auth_check(auth, text, now, &identity), AUTH_EXPIRED);
}

/* The scheme is not part of what is remembered, the token is to its last byte. */
static void only_the_very_token_is_remembered(void **state)
{
	struct auth *auth = *state;
	char *text = forge(&hs, HS256, CLAIMS);
	struct identity identity;

	assert_int_equal(auth_check(auth, text, FORGE_NOW, &identity), AUTH_NONE);
	text[strlen(text) - 2] ^= 1;
	assert_int_not_equal(auth_check(auth, text, FORGE_NOW, &identity), AUTH_NONE);
	text[strlen(text) - 1] = '\0';
	assert_int_not_equal(auth_check(auth, text, FORGE_NOW, &identity), AUTH_NONE);
}

/* As at a reload: the key is opened anew, beside the old one. */
static void a_new_key_knows_nothing_of_what_the_old_one_verified(void **state)
{
	static const char other_secret[] = "another secret that is long enough, surely";
	struct forge_key other = forge_key_secret(other_secret, sizeof other_secret - 1);
	struct auth *before = *state;
	const char *old = forge(&hs, HS256, CLAIMS), *new = forge(&other, HS256, CLAIMS);
	struct identity identity;

	assert_int_equal(auth_check(before, old, FORGE_NOW, &identity), AUTH_NONE);
	struct auth *after = open_bytes(other_secret, sizeof other_secret - 1);
	assert_int_equal(auth_check(after, old, FORGE_NOW, &identity), AUTH_SIGNATURE);
	assert_int_equal(auth_check(after, new, FORGE_NOW, &identity), AUTH_NONE);
	assert_int_equal(auth_check(before, old, FORGE_NOW, &identity), AUTH_NONE);
	auth_close(after);
}

/* ---- What it costs ------------------------------------------------------ */

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Mean of what auth_check() takes over some tokens, asked for the first time or again. */
static double mean_us(struct auth *auth, char (*texts)[2048], int n)
{
	struct identity identity;
	double start = now_us();

	for (int i = 0; i < n; i++)
		assert_int_equal(auth_check(auth, texts[i], FORGE_NOW, &identity), AUTH_NONE);
	return (now_us() - start) / n;
}

/* Figures for people; that a look-up is cheaper than the cheapest signature is the promise. */
static void a_hit_is_cheaper_than_a_miss(void **state)
{
	enum { N = 500 };
	static const char *const headers[] = { HS256, "{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"}",
					       "{\"alg\":\"EdDSA\"}" };
	static const gnutls_pk_algorithm_t types[] = { 0, GNUTLS_PK_RSA, GNUTLS_PK_ECDSA,
						       GNUTLS_PK_EDDSA_ED25519 };
	static char texts[N][2048];
	char claims[256];

	(void)state;
	for (int kind = 0; kind < FORGE_N; kind++) {
		struct forge_key key = kind == FORGE_HS256 ? hs : forge_key_make(types[kind], 0);
		struct auth *auth = kind == FORGE_HS256
					    ? open_bytes(hs.secret, hs.n_secret)
					    : open_bytes(key.public_pem.data, key.public_pem.size);
		double miss, hit;

		for (int i = 0; i < N; i++) {
			snprintf(claims, sizeof claims,
				 "{\"iss\":\"https://issuer.example\",\"sub\":\"user-%d\","
				 "\"aud\":\"trackd\",\"iat\":1700000000,\"exp\":1700003600}",
				 i);
			snprintf(texts[i], sizeof texts[i], "%s",
				 forge(&key, headers[kind], claims));
		}
		miss = mean_us(auth, texts, N);
		hit = mean_us(auth, texts, N);
		for (int again = 0; again < 4; again++) {
			double other = mean_us(auth, texts, N);

			hit = other < hit ? other : hit;
		}
		print_message("# %s, %zu bytes: verified in %.2f us, remembered in %.2f us\n",
			      headers[kind], strlen(texts[0]) - 7, miss, hit);
		assert_true(hit < miss);
		auth_close(auth);
		if (kind != FORGE_HS256)
			forge_key_free(&key);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(all_that_fit_are_found_and_the_stalest_goes),
	cmocka_unit_test(the_order_of_use_is_kept_over_many_rounds),
	cmocka_unit_test(what_has_expired_is_not_found),
	cmocka_unit_test(prints_are_another_cache_s_own),
	ADMISSION(a_remembered_token_expires),
	ADMISSION(only_the_very_token_is_remembered),
	ADMISSION(a_new_key_knows_nothing_of_what_the_old_one_verified),
	cmocka_unit_test(a_hit_is_cheaper_than_a_miss),
};

SUITE(tests)
