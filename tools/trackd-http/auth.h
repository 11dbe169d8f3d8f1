/* SPDX-License-Identifier: MIT */
/*
 * Who is asking. A bearer token is a JWT (RFC 7519), verified as RFC 8725 asks: by the one key and
 * the algorithms that are configured for it, never by what its header wishes. What has been verified
 * is remembered until it expires, so that a client that polls costs a look-up.
 */
#ifndef TRACKD_HTTP_AUTH_H
#define TRACKD_HTTP_AUTH_H

#include "trackd.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUTH_TOKEN_MAX = 8192, AUTH_LEEWAY_S = 60 };

struct auth_config {
	char key_file
		[4096]; /* a PEM public key, a JWK (set), or for HS256 a file with the secret */
	char algorithms
		[128]; /* "HS256", "RS256 ES256", "EdDSA": bound to the key; "" by its type */
	char issuer[256], audience[256]; /* "" not checked */
};

struct identity {
	char owner[TRACKD_OWNER_MAX + 1]; /* the token's sub */
	int64_t expires;                  /* Unix time, seconds */
};

/* Labels of a metric, and what the log says. */
#define AUTH_FAILURES(X)                                                                           \
	X(NONE, "none")                                                                            \
	X(MISSING, "missing")                                                                      \
	X(MALFORMED, "malformed")                                                                  \
	X(TOO_LONG, "too_long")                                                                    \
	X(ALGORITHM, "algorithm")                                                                  \
	X(SIGNATURE, "signature")                                                                  \
	X(CRITICAL, "critical_header")                                                             \
	X(EXPIRED, "expired")                                                                      \
	X(NOT_YET, "not_yet_valid")                                                                \
	X(CLAIMS, "claims")                                                                        \
	X(SUBJECT, "subject")                                                                      \
	X(TICKET, "ticket")

enum auth_failure {
#define AUTH_FAILURE_ENUM(name, label) AUTH_##name,
	AUTH_FAILURES(AUTH_FAILURE_ENUM)
#undef AUTH_FAILURE_ENUM
		AUTH_N_FAILURES
};

const char *auth_failure_label(enum auth_failure failure);

struct auth;

/* Read the key. ret_why: a sentence that names the file and what to do, at least 512 bytes.
 * 0 or -EINVAL: no file, readable by others (a secret), no key, a secret under 32 bytes, an
 * algorithm that does not fit the key. */
int auth_open(const struct auth_config *config, struct auth **ret_auth, char *ret_why, size_t size);

/* Read the key again; on failure the old one stays. Forgets what was verified. As auth_open(). */
int auth_reload(struct auth *auth, char *ret_why, size_t size);
void auth_close(struct auth *auth);

/* The value of an Authorization header; NULL: there is none. now: Unix time, seconds. */
enum auth_failure auth_check(struct auth *auth, const char *authorization, int64_t now,
			     struct identity *ret_identity);

/* Sign a token for development: HS256 keys only, or a private JWK. The caller frees it. 0 or
 * -EINVAL with why. */
int auth_sign(const struct auth_config *config, const char *owner, int64_t now, int64_t ttl_s,
	      char **ret_token, char *ret_why, size_t size);

#endif
