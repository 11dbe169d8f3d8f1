/* SPDX-License-Identifier: MIT */
/* A key of each kind, and as many that an attacker has; key files of them in each form, and what is
 * said of files that hold none. */
#ifndef TESTS_UNIT_SIGNING_KEYS_H
#define TESTS_UNIT_SIGNING_KEYS_H

#include "tests/unit/trackd-http/admission.h"
#include <errno.h>
#include <rhonabwy.h>

/* FORGE_N keys and as many that an attacker has; files of them in each form. */
static struct forge_key keys[FORGE_N], others[FORGE_N];
static char *jwks_public[FORGE_N], *jwks_private[FORGE_N];

static const char *const HEADERS[FORGE_N] = {
	"{\"alg\":\"HS256\"}",
	"{\"alg\":\"RS256\"}",
	"{\"alg\":\"ES256\"}",
	"{\"alg\":\"EdDSA\"}",
};

static inline char *jwk_of(const gnutls_datum_t *pem, int type)
{
	jwk_t *jwk;
	char *text, *copy;

	assert_int_equal(r_jwk_init(&jwk), RHN_OK);
	assert_int_equal(r_jwk_import_from_pem_der(jwk, type, R_FORMAT_PEM, pem->data, pem->size),
			 RHN_OK);
	r_jwk_delete_property_str(jwk, "kid");
	text = r_jwk_export_to_json_str(jwk, 0);
	assert_non_null(text);
	copy = strdup(text);
	r_free(text);
	r_jwk_free(jwk);
	return copy;
}

static inline int signing_keys_setup(void **state)
{
	static const gnutls_pk_algorithm_t types[] = { 0, GNUTLS_PK_RSA, GNUTLS_PK_ECDSA,
						       GNUTLS_PK_EDDSA_ED25519 };

	(void)state;
	keys[FORGE_HS256] = forge_key_secret(FORGE_SECRET, sizeof FORGE_SECRET - 1);
	others[FORGE_HS256] = forge_key_secret("01234567890123456789012345678901", 32);
	jwks_public[FORGE_HS256] = strdup("{\"kty\":\"oct\",\"k\":\"YSBzZWNyZXQgZm9yIHRlc3RzLC"
					  "BvZiA0MiBieXRlcyBleGFjdGx5Li4u\"}");
	jwks_private[FORGE_HS256] = strdup(jwks_public[FORGE_HS256]);
	for (int i = FORGE_RS256; i < FORGE_N; i++) {
		keys[i] = forge_key_make(types[i], 0);
		others[i] = forge_key_make(types[i], 0);
		jwks_public[i] = jwk_of(&keys[i].public_pem, R_X509_TYPE_PUBKEY);
		jwks_private[i] = jwk_of(&keys[i].private_pem, R_X509_TYPE_PRIVKEY);
	}
	return 0;
}

static inline int signing_keys_teardown(void **state)
{
	(void)state;
	for (int i = 0; i < FORGE_N; i++) {
		if (i != FORGE_HS256) {
			forge_key_free(&keys[i]);
			forge_key_free(&others[i]);
		}
		free(jwks_public[i]);
		free(jwks_private[i]);
	}
	return 0;
}

/* What is in a file of that key that is no JWK. */
static inline const char *file_text(int i, bool private)
{
	if (i == FORGE_HS256)
		return FORGE_SECRET "\n";
	return (const char *)(private ? keys[i].private_pem : keys[i].public_pem).data;
}

/* The object of a JWK with members more: static, one at a time. */
static inline const char *with(const char *jwk, const char *members)
{
	static char buffers[4][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 4];

	snprintf(buffer, sizeof buffers[0], "{%s,%s", members, jwk + 1);
	return buffer;
}

static inline struct auth *open_set(const char *a, const char *b, const char *c,
				    const char *algorithms)
{
	char set[16384];

	snprintf(set, sizeof set, "{\"keys\":[%s,%s,%s]}", a, b, c);
	return open_text(set, algorithms);
}

/* The refusal names the file and has these words, but does not quote the file's content. */
static inline void expect_refusal(const void *bytes, size_t size, mode_t mode,
				  const char *algorithms, const char *words)
{
	struct auth_config config = config_of(bytes, size, mode, algorithms);
	struct auth *auth = NULL;
	char why[WHY_MAX] = "", start[13] = "";

	if (auth_open(&config, &auth, why, sizeof why) != -EINVAL)
		fail_msg("accepted, where \"%s\" was to be said", words);
	assert_null(auth);
	if (!strstr(why, words) || strncmp(why, config.key_file, strlen(config.key_file)) != 0)
		fail_msg("\"%s\" does not say \"%s\"", why, words);
	memcpy(start, bytes, size < 12 ? size : 12);
	if (size >= 12 && strstr(why, start))
		fail_msg("\"%s\" tells what the file holds", why);
}

static inline void refuse_text(const char *text, const char *algorithms, const char *words)
{
	expect_refusal(text, strlen(text), 0600, algorithms, words);
}

#endif
