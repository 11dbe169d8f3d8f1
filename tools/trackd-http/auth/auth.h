/* SPDX-License-Identifier: MIT */
/*
 * Who is asking. A bearer token is a JWT (RFC 7519), verified as RFC 8725 asks: by the one key and
 * the algorithms that are configured for it, never by what its header wishes. What has been verified
 * is remembered until it expires, so that a client that polls costs a look-up. For one thread.
 *
 * The key file is a PEM public key, a JWK or a set of them, or for HS256 the secret: what is text
 * without the end of its line, other bytes as they are. Keys are at least 256 bits (secret), 2048
 * bits (RSA), P-256 or Ed25519; a private key serves too, but needs the same care as a secret. Of a
 * set, keys that cannot be used are passed over, each with a warning. A token's kid chooses among keys that have one, and
 * means nothing to a key that has none; jku, x5u, jwk and x5c mean nothing at all.
 *
 * A token says who (sub, see auth_owner_valid()) and until when (exp). Dates may have fractions; nbf
 * is honoured; iss and aud are checked if they are configured. A typ that is not (at+)JWT, a cty and
 * any crit are refused.
 */
#ifndef TRACKD_HTTP_AUTH_AUTH_H
#define TRACKD_HTTP_AUTH_AUTH_H

#include "tools/trackd-http/auth/auth_config.h"
#include "tools/trackd-http/auth/identity.h"
#include <stddef.h>
#include <stdint.h>

enum { AUTH_TTL_MAX_S = 366 * 86400 };

struct auth;

/* Read the key. ret_why: a sentence that names the file and what to do, at least 512 bytes.
 * 0 or -EINVAL: no file, readable by others (a secret), no key, a key that is too short, a public key
 * in a form that would pass for a secret, algorithms none of which has a key. */
int auth_open(const struct auth_config *config, struct auth **ret_auth, char *ret_why, size_t size);

/* Read the key again; on failure the old one stays. Forgets what was verified. As auth_open(). */
int auth_reload(struct auth *auth, char *ret_why, size_t size);
void auth_close(struct auth *auth);

/*
 * The value of an Authorization header; NULL: there is none. now: Unix time, seconds.
 * AUTH_MISSING: nothing, or another scheme than Bearer. AUTH_SIGNATURE comes before all that depends
 * on claims, so that a stranger does not learn what a valid token would have to contain.
 */
enum auth_failure auth_check(struct auth *auth, const char *authorization, int64_t now,
			     struct identity *ret_identity);

/* Sign a token for development, with a secret or a private key (JWK or PEM), and with iss and aud if
 * they are configured. ttl_s: up to AUTH_TTL_MAX_S. The caller frees it. 0 or -EINVAL with why. */
int auth_sign(const struct auth_config *config, const char *owner, int64_t now, int64_t ttl_s,
	      char **ret_token, char *ret_why, size_t size);

#endif
