/* SPDX-License-Identifier: MIT */
/*
 * Authentication. A bearer token is a JWT (RFC 7519), verified as RFC 8725 recommends: only with
 * the configured key and algorithms, whatever its header asks for. A verified token is cached until
 * it expires, so a client that polls costs one look-up. Use it from one thread.
 *
 * The key file is a PEM public key, a JWK, a JWK set, or for HS256 a secret: a text without its
 * line end, or any other bytes as they are. Minimum sizes: 256 bits (secret), 2048 bits (RSA),
 * P-256, Ed25519. A private key works too, but must be protected like a secret. Unusable keys of a
 * set are skipped, each with a warning. A token's kid selects among keys that have a kid; keys
 * without one are always tried. jku, x5u, jwk and x5c are ignored.
 *
 * A token names the user (sub, see auth_owner_valid()) and its expiry (exp). Dates may have
 * fractions; nbf is honoured; iss and aud are checked if configured. Tokens with a typ other than
 * (at+)JWT, a cty, or any crit are refused.
 */
#ifndef TRACKD_HTTP_AUTH_AUTH_H
#define TRACKD_HTTP_AUTH_AUTH_H

#include "tools/trackd-http/auth/auth_config.h"
#include "tools/trackd-http/auth/identity.h"
#include <stddef.h>
#include <stdint.h>

enum { AUTH_TTL_MAX_S = 366 * 86400 };

struct auth;

/* Read the key. ret_why, of at least 512 bytes, gets a sentence that names the file and the remedy.
 * 0 or -EINVAL: no file, a secret that others may read, no key, a key that is too short, a public
 * key in a form that would be taken for a secret, or algorithms without a key. */
int auth_open(const struct auth_config *config, struct auth **ret_auth, char *ret_why, size_t size);

void auth_close(struct auth *auth);

/*
 * Check the value of an Authorization header; NULL: there is none. now: Unix time, seconds.
 * AUTH_MISSING: no header, or another scheme than Bearer. The signature is checked before any
 * claim, so that a stranger does not learn what a valid token must contain.
 */
enum auth_failure auth_check(struct auth *auth, const char *authorization, int64_t now,
			     struct identity *ret_identity);

/* Sign a token for development, with a secret or a private key (JWK or PEM), and with iss and aud
 * if configured. ttl_s: up to AUTH_TTL_MAX_S. The caller frees the token. 0, or -EINVAL with the
 * reason. */
int auth_sign(const struct auth_config *config, const char *owner, int64_t now, int64_t ttl_s,
	      char **ret_token, char *ret_why, size_t size);

#endif
