/* SPDX-License-Identifier: MIT */
/*
 * One key and the one algorithm that it is for, which follows from what it is: a secret of 32 bytes
 * or more verifies HS256, an RSA key of 2048 bits or more RS256, one on P-256 ES256, one on Ed25519
 * EdDSA, which RFC 9864 calls Ed25519: both names are the one algorithm. No key has two.
 *
 * librhonabwy reads keys and signs; GnuTLS verifies, with the keys as they were read. The library's
 * own verification (1.1.11) compares an HMAC with strcmp(), which tells by its time how much of it
 * was right (CVE-2024-25714), and parses and inflates data that is not verified yet.
 */
#ifndef TRACKD_HTTP_AUTH_KEY_H
#define TRACKD_HTTP_AUTH_KEY_H

#include <gnutls/abstract.h>
#include <rhonabwy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_SECRET_MIN = 32, KEY_RSA_BITS_MIN = 2048 };

/* X(NAME, as in a token's header) */
#define KEY_ALGORITHMS(X)                                                                          \
	X(HS256, "HS256")                                                                          \
	X(RS256, "RS256")                                                                          \
	X(ES256, "ES256")                                                                          \
	X(EDDSA, "EdDSA")

enum key_algorithm {
#define KEY_ALGORITHM_ENUM(name, text) KEY_##name,
	KEY_ALGORITHMS(KEY_ALGORITHM_ENUM)
#undef KEY_ALGORITHM_ENUM
		KEY_N_ALGORITHMS
};

const char *key_algorithm_text(enum key_algorithm algorithm);
/* text need not end with a NUL. -EINVAL: none of ours. */
int key_algorithm_parse(const char *text, size_t length);

struct key {
	enum key_algorithm algorithm;
	bool private;    /* it came with its private half */
	char *kid;       /* NULL: it has none */
	uint8_t *secret; /* HS256 */
	size_t n_secret;
	gnutls_pubkey_t public; /* the others */
	jwk_t *signing;         /* NULL unless it was asked for and the key can sign */
};

/* Take what is needed of a JWK. NULL, or why it cannot be used: the end of a sentence. Of the JSON
 * form, alg, use and key_ops must fit, and all but the key itself and its kid is passed over. */
const char *key_from_json(struct key *ret_key, const json_t *json, bool signing);
const char *key_from_jwk(struct key *ret_key, jwk_t *jwk, bool signing);
const char *key_from_secret(struct key *ret_key, const void *secret, size_t size, bool signing);
void key_free(struct key *key);

/* Whether this is the key's signature of input. */
bool key_verify(const struct key *key, const char *input, size_t n_input, const uint8_t *signature,
		size_t n_signature);

/* A compact JWS of the payload; the caller frees it with free(). NULL: it cannot be signed. */
char *key_sign(const struct key *key, const char *payload);

#endif
