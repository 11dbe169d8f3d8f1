/* SPDX-License-Identifier: MIT */
/*
 * A key and its one algorithm, which follows from its type: HS256 for a secret of 32 bytes or more,
 * RS256 for RSA of 2048 bits or more, ES256 for P-256, EdDSA for Ed25519. RFC 9864 calls the last
 * one Ed25519; both names mean the same algorithm.
 *
 * librhonabwy reads keys and signs; GnuTLS verifies. The verification in librhonabwy 1.1.11
 * compares an HMAC with strcmp(), whose duration reveals how much of it was right (CVE-2024-25714),
 * and it parses and inflates data before verifying it.
 */
#ifndef TRACKD_HTTP_AUTH_KEY_H
#define TRACKD_HTTP_AUTH_KEY_H

#include <gnutls/abstract.h>
#include <rhonabwy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_SECRET_MIN = 32, KEY_RSA_BITS_MIN = 2048 };

/* X(NAME, name in a token's header) */
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
/* text need not end with a NUL. -EINVAL: not one of these. */
int key_algorithm_parse(const char *text, size_t length);

struct key {
	enum key_algorithm algorithm;
	bool private;    /* the file has its private half */
	char *kid;       /* NULL: none */
	uint8_t *secret; /* HS256 */
	size_t n_secret;
	gnutls_pubkey_t public; /* of the other algorithms */
	jwk_t *signing;         /* NULL unless it was requested and the key can sign */
};

/* Read a key from a JWK. NULL, or why it cannot be used: the end of a sentence. The members alg,
 * use and key_ops must fit; all others but the key and its kid are ignored. */
const char *key_from_json(struct key *ret_key, const json_t *json, bool signing);
const char *key_from_jwk(struct key *ret_key, jwk_t *jwk, bool signing);
const char *key_from_secret(struct key *ret_key, const void *secret, size_t size, bool signing);
void key_free(struct key *key);

/* Whether the bytes are this key's signature of input. */
bool key_verify(const struct key *key, const char *input, size_t n_input, const uint8_t *signature,
		size_t n_signature);

/* A compact JWS of the payload; the caller frees it with free(). NULL: signing failed. */
char *key_sign(const struct key *key, const char *payload);

#endif
