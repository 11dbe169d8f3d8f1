/* SPDX-License-Identifier: MIT */
#include "key.h"
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { HMAC_SIZE = 32, ES256_SIZE = 64 };

static const char *const TEXTS[] = {
#define KEY_ALGORITHM_TEXT(name, text) [KEY_##name] = (text),
	KEY_ALGORITHMS(KEY_ALGORITHM_TEXT)
#undef KEY_ALGORITHM_TEXT
};

const char *key_algorithm_text(enum key_algorithm algorithm)
{
	return TEXTS[algorithm];
}

int key_algorithm_parse(const char *text, size_t length)
{
	for (int i = 0; i < KEY_N_ALGORITHMS; i++)
		if (strlen(TEXTS[i]) == length && memcmp(TEXTS[i], text, length) == 0)
			return i;
	return -EINVAL;
}

/* ---- Making ------------------------------------------------------------- */

static const char *secret_take(struct key *key, uint8_t *secret, size_t size)
{
	key->algorithm = KEY_HS256;
	key->secret = secret;
	key->n_secret = size;
	return size < KEY_SECRET_MIN ? "the secret is under 32 bytes" : NULL;
}

static const char *secret_from_jwk(struct key *key, jwk_t *jwk)
{
	const char *text = r_jwk_get_property_str(jwk, "k");
	size_t size = text ? strlen(text) : 0;
	uint8_t *secret = calloc(1, size + 1);

	if (!secret)
		return "memory is out";
	if (size == 0 || r_jwk_export_to_symmetric_key(jwk, secret, &size) != RHN_OK)
		size = 0;
	return secret_take(key, secret, size);
}

/* Which of ours fits, by what GnuTLS sees. */
static const char *algorithm_of(gnutls_pubkey_t public, enum key_algorithm *ret_algorithm)
{
	unsigned bits = 0;
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	int type = gnutls_pubkey_get_pk_algorithm(public, &bits);

	if (type == GNUTLS_PK_RSA) {
		*ret_algorithm = KEY_RS256;
		return bits < KEY_RSA_BITS_MIN ? "an RSA key has 2048 bits or more" : NULL;
	}
	if (type == GNUTLS_PK_EDDSA_ED25519) {
		*ret_algorithm = KEY_EDDSA;
		return NULL;
	}
	if (type != GNUTLS_PK_EC)
		return "keys are RSA, P-256, Ed25519 or a secret";
	*ret_algorithm = KEY_ES256;
	gnutls_pubkey_export_ecc_raw2(public, &curve, NULL, NULL, 0);
	return curve == GNUTLS_ECC_CURVE_SECP256R1 ? NULL : "an elliptic curve is P-256 or Ed25519";
}

static const char *public_from_jwk(struct key *key, jwk_t *jwk, bool private)
{
	const char *why = "memory is out";
	jwk_t *half = NULL;

	if (r_jwk_init(&half) != RHN_OK)
		return why;
	if (private && r_jwk_extract_pubkey(jwk, half, R_FLAG_IGNORE_REMOTE) != RHN_OK)
		why = "the public half cannot be read";
	else if (!(key->public = r_jwk_export_to_gnutls_pubkey(private ? half : jwk,
							       R_FLAG_IGNORE_REMOTE)))
		why = "its numbers make no key";
	else
		why = algorithm_of(key->public, &key->algorithm);
	r_jwk_free(half);
	return why;
}

/* A key that says what it is for is for nothing else. */
static const char *purpose_fits(const struct key *key, jwk_t *jwk)
{
	const char *algorithm = r_jwk_get_property_str(jwk, "alg");
	const char *use = r_jwk_get_property_str(jwk, "use");

	if (algorithm && strcmp(algorithm, TEXTS[key->algorithm]) != 0)
		return "its \"alg\" is not HS256, RS256, ES256 or EdDSA, or not of this kind of "
		       "key";
	if (use && strcmp(use, "sig") != 0)
		return "its \"use\" is not \"sig\"";
	return NULL;
}

const char *key_from_jwk(struct key *ret_key, jwk_t *jwk, bool signing)
{
	int type = r_jwk_key_type(jwk, NULL, R_FLAG_IGNORE_REMOTE);
	bool secret = type & R_KEY_TYPE_SYMMETRIC, private = type & R_KEY_TYPE_PRIVATE;
	const char *kid = r_jwk_get_property_str(jwk, "kid"), *why;
	struct key key = { 0 };

	if (type == R_KEY_TYPE_NONE)
		return "it is no valid JWK";
	why = secret ? secret_from_jwk(&key, jwk) : public_from_jwk(&key, jwk, private);
	if (!why)
		why = purpose_fits(&key, jwk);
	if (!why && kid && !(key.kid = strdup(kid)))
		why = "memory is out";
	if (!why && signing && (secret || private) && !(key.signing = r_jwk_copy(jwk)))
		why = "memory is out";
	if (why)
		key_free(&key);
	else
		*ret_key = key;
	return why;
}

const char *key_from_secret(struct key *ret_key, const void *secret, size_t size, bool signing)
{
	struct key key = { 0 };
	uint8_t *copy = calloc(1, size + 1);
	const char *why;

	if (!copy)
		return "memory is out";
	memcpy(copy, secret, size);
	why = secret_take(&key, copy, size);
	if (!why && signing &&
	    (r_jwk_init(&key.signing) != RHN_OK ||
	     r_jwk_import_from_symmetric_key(key.signing, copy, size) != RHN_OK))
		why = "memory is out";
	if (why)
		key_free(&key);
	else
		*ret_key = key;
	return why;
}

void key_free(struct key *key)
{
	if (key->secret)
		explicit_bzero(key->secret, key->n_secret);
	free(key->secret);
	free(key->kid);
	gnutls_pubkey_deinit(key->public);
	r_jwk_free(key->signing);
	*key = (struct key){ 0 };
}

/* ---- Using -------------------------------------------------------------- */

static bool verify_secret(const struct key *key, const gnutls_datum_t *input,
			  const gnutls_datum_t *signature)
{
	uint8_t mac[HMAC_SIZE];

	return signature->size == HMAC_SIZE &&
	       gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->secret, key->n_secret, input->data,
				input->size, mac) == 0 &&
	       gnutls_memcmp(mac, signature->data, HMAC_SIZE) == 0;
}

/* JWS has r and s side by side, GnuTLS wants them in DER. */
static bool verify_ecdsa(const struct key *key, const gnutls_datum_t *input,
			 const gnutls_datum_t *signature)
{
	gnutls_datum_t r = { signature->data, ES256_SIZE / 2 }, der = { NULL, 0 };
	gnutls_datum_t s = { signature->data + ES256_SIZE / 2, ES256_SIZE / 2 };
	bool good;

	if (signature->size != ES256_SIZE || gnutls_encode_rs_value(&der, &r, &s) != 0)
		return false;
	good = gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_ECDSA_SHA256, 0, input, &der) >=
	       0;
	gnutls_free(der.data);
	return good;
}

bool key_verify(const struct key *key, const char *input, size_t n_input, const uint8_t *signature,
		size_t n_signature)
{
	/* GnuTLS takes them without const and leaves them as they are. */
	gnutls_datum_t text = { (unsigned char *)input, (unsigned)n_input };
	gnutls_datum_t sign = { (unsigned char *)signature, (unsigned)n_signature };

	switch (key->algorithm) {
	case KEY_HS256:
		return verify_secret(key, &text, &sign);
	case KEY_RS256:
		return gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_RSA_SHA256, 0, &text,
						  &sign) >= 0;
	case KEY_ES256:
		return verify_ecdsa(key, &text, &sign);
	case KEY_EDDSA:
		return gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_EDDSA_ED25519, 0, &text,
						  &sign) >= 0;
	case KEY_N_ALGORITHMS:
		break;
	}
	return false;
}

char *key_sign(const struct key *key, const char *payload)
{
	static const jwa_alg ALGORITHMS[] = { [KEY_HS256] = R_JWA_ALG_HS256,
					      [KEY_RS256] = R_JWA_ALG_RS256,
					      [KEY_ES256] = R_JWA_ALG_ES256,
					      [KEY_EDDSA] = R_JWA_ALG_EDDSA };
	char *token = NULL, *made = NULL;
	jws_t *jws = NULL;

	if (!key->signing || r_jws_init(&jws) != RHN_OK)
		return NULL;
	if (r_jws_set_alg(jws, ALGORITHMS[key->algorithm]) == RHN_OK &&
	    r_jws_set_header_str_value(jws, "typ", "JWT") == RHN_OK &&
	    (!key->kid || r_jws_set_header_str_value(jws, "kid", key->kid) == RHN_OK) &&
	    r_jws_set_payload(jws, (const unsigned char *)payload, strlen(payload)) == RHN_OK)
		made = r_jws_serialize(jws, key->signing, R_FLAG_IGNORE_REMOTE);
	if (made)
		token = strdup(made);
	r_free(made);
	r_jws_free(jws);
	return token;
}
