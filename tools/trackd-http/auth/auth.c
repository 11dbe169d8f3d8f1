/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/auth/auth.h"
#include "tools/trackd-http/auth/keys.h"
#include "tools/trackd-http/auth/token.h"
#include "tools/trackd-http/auth/token_cache.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct auth {
	struct auth_config config;
	struct keys *keys;
	struct token_cache *cache;
};

/* ---- Opening ------------------------------------------------------------ */

int auth_open(const struct auth_config *config, struct auth **ret_auth, char *ret_why, size_t size)
{
	struct auth *auth = calloc(1, sizeof *auth);
	int error = -EINVAL;

	if (!auth || !(auth->cache = token_cache_new())) {
		snprintf(ret_why, size, "no memory or no randomness");
		goto fail;
	}
	auth->config = *config;
	error = keys_read(config, false, &auth->keys, ret_why, size);
	if (error != 0)
		goto fail;
	*ret_auth = auth;
	return 0;

fail:
	auth_close(auth);
	return error;
}

void auth_close(struct auth *auth)
{
	if (!auth)
		return;
	keys_free(auth->keys);
	token_cache_free(auth->cache);
	free(auth);
}

/* ---- Checking ----------------------------------------------------------- */

/* The token of "Bearer TOKEN"; its length is capped at one byte more than a token may have. */
static const char *bearer(const char *authorization, size_t *ret_length)
{
	static const char SCHEME[] = "Bearer ";
	const char *token;
	size_t length;

	if (!authorization || strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
		return NULL;
	token = authorization + sizeof SCHEME - 1;
	token += strspn(token, " ");
	length = strnlen(token, AUTH_TOKEN_MAX + 1);
	*ret_length = length;
	return length > 0 ? token : NULL;
}

enum auth_failure auth_check(struct auth *auth, const char *authorization, int64_t now,
			     struct identity *ret_identity)
{
	struct token_print print;
	enum auth_failure failure;
	size_t length = 0;
	const char *token = bearer(authorization, &length);
	bool printed;

	if (!token)
		return AUTH_MISSING;
	if (length > AUTH_TOKEN_MAX)
		return AUTH_TOO_LONG;
	printed = token_cache_print(auth->cache, token, length, &print);
	if (printed && token_cache_find(auth->cache, &print, now, ret_identity))
		return AUTH_NONE;
	failure = token_verify(auth->keys, &auth->config, token, length, now, ret_identity);
	if (printed && failure == AUTH_NONE)
		token_cache_add(auth->cache, &print, ret_identity);
	return failure;
}

/* ---- Signing ------------------------------------------------------------ */

static int refuse(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return -EINVAL;
}

static char *claims_make(const struct auth_config *config, const char *owner, int64_t now,
			 int64_t ttl_s)
{
	json_int_t issued = now, expires = issued + ttl_s;
	json_t *claims = json_pack("{s:s, s:I, s:I, s:s*, s:s*}", "sub", owner, "iat", issued,
				   "exp", expires, "iss", config->issuer[0] ? config->issuer : NULL,
				   "aud", config->audience[0] ? config->audience : NULL);
	char *text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;

	json_decref(claims);
	return text;
}

int auth_sign(const struct auth_config *config, const char *owner, int64_t now, int64_t ttl_s,
	      char **ret_token, char *ret_why, size_t size)
{
	const struct key *key;
	char *claims, *token;
	struct keys *keys;

	if (!auth_owner_valid(owner))
		return refuse(ret_why, size,
			      "a user must be 1 to 63 bytes of UTF-8 without control characters");
	if (ttl_s < 1 || ttl_s > AUTH_TTL_MAX_S)
		return refuse(ret_why, size, "a token's lifetime must be 1 s to 366 days");
	if (keys_read(config, true, &keys, ret_why, size) != 0)
		return -EINVAL;
	key = keys_signer(keys);
	claims = key ? claims_make(config, owner, now, ttl_s) : NULL;
	token = claims ? key_sign(key, claims) : NULL;
	free(claims);
	keys_free(keys);
	if (!token) {
		snprintf(ret_why, size,
			 "%s: it has no key that can sign (a secret, or a private key as JWK or "
			 "PEM)",
			 config->key_file);
		return -EINVAL;
	}
	*ret_token = token;
	return 0;
}
