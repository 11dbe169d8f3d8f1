/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/auth/key.h"
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
	static const char SPECIFIED[] =
		"Ed25519"; /* the name in RFC 9864 for EdDSA on this curve */

	for (int i = 0; i < KEY_N_ALGORITHMS; i++)
		if (strlen(TEXTS[i]) == length && memcmp(TEXTS[i], text, length) == 0)
			return i;
	if (length == sizeof SPECIFIED - 1 && memcmp(text, SPECIFIED, length) == 0)
		return KEY_EDDSA;
	return -EINVAL;
}

/* ---- Making ------------------------------------------------------------- */

static const char *secret_take(struct key *key, uint8_t *secret, size_t size)
{
	key->algorithm = KEY_HS256;
	key->private = true;
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
		return "out of memory";
	if (size == 0 || r_jwk_export_to_symmetric_key(jwk, secret, &size) != RHN_OK)
		size = 0;
	return secret_take(key, secret, size);
}

/* The algorithm that fits the key, as GnuTLS reports it. */
static const char *algorithm_of(gnutls_pubkey_t public, enum key_algorithm *ret_algorithm)
{
	unsigned bits = 0;
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	int type = gnutls_pubkey_get_pk_algorithm(public, &bits);

	if (type == GNUTLS_PK_RSA) {
		*ret_algorithm = KEY_RS256;
		return bits < KEY_RSA_BITS_MIN ? "an RSA key must have 2048 bits or more" : NULL;
	}
	if (type == GNUTLS_PK_EDDSA_ED25519) {
		*ret_algorithm = KEY_EDDSA;
		return NULL;
	}
	if (type != GNUTLS_PK_EC)
		return "a key must be RSA, P-256, Ed25519 or a secret";
	*ret_algorithm = KEY_ES256;
	gnutls_pubkey_export_ecc_raw2(public, &curve, NULL, NULL, 0);
	return curve == GNUTLS_ECC_CURVE_SECP256R1 ? NULL
						   : "the elliptic curve must be P-256 or Ed25519";
}

static const char *public_from_jwk(struct key *key, jwk_t *jwk, bool private)
{
	const char *why = "out of memory";
	jwk_t *half = NULL;

	if (r_jwk_init(&half) != RHN_OK)
		return why;
	if (private && r_jwk_extract_pubkey(jwk, half, R_FLAG_IGNORE_REMOTE) != RHN_OK)
		why = "its public key cannot be read";
	else if (!(key->public = r_jwk_export_to_gnutls_pubkey(private ? half : jwk,
							       R_FLAG_IGNORE_REMOTE)))
		why = "its parameters do not form a valid key";
	else
		why = algorithm_of(key->public, &key->algorithm);
	r_jwk_free(half);
	return why;
}

const char *key_from_jwk(struct key *ret_key, jwk_t *jwk, bool signing)
{
	int type = r_jwk_key_type(jwk, NULL, R_FLAG_IGNORE_REMOTE);
	bool secret = type & R_KEY_TYPE_SYMMETRIC, private = type & R_KEY_TYPE_PRIVATE;
	struct key key = { .private = secret || private };
	const char *why;

	if (type == R_KEY_TYPE_NONE)
		return "it is not a valid JWK";
	why = secret ? secret_from_jwk(&key, jwk) : public_from_jwk(&key, jwk, private);
	if (!why && signing && key.private && !(key.signing = r_jwk_copy(jwk)))
		why = "out of memory";
	if (why)
		key_free(&key);
	else
		*ret_key = key;
	return why;
}

/* ---- Making, of a JSON object ------------------------------------------- */

/* Whether the key's operations include those that we need. */
static bool operation_fits(const struct key *key, const json_t *operations)
{
	const json_t *item;
	size_t i;

	json_array_foreach(operations, i, item)
	{
		const char *name = json_string_value(item);

		if (name &&
		    (strcmp(name, "verify") == 0 || (key->private && strcmp(name, "sign") == 0)))
			return true;
	}
	return false;
}

/* A key with a stated purpose must not be used for another one. */
static const char *purpose_fits(const struct key *key, const json_t *json)
{
	const json_t *alg = json_object_get(json, "alg"), *use = json_object_get(json, "use");
	const json_t *operations = json_object_get(json, "key_ops");
	const char *text = json_string_value(use);

	if (alg && (!json_is_string(alg) ||
		    key_algorithm_parse(json_string_value(alg), json_string_length(alg)) !=
			    (int)key->algorithm))
		return "its \"alg\" is not HS256, RS256, ES256, EdDSA or Ed25519, or does not fit "
		       "this kind of key";
	if (use && (!text || strcmp(text, "sig") != 0))
		return "its \"use\" is not \"sig\"";
	if (operations && !operation_fits(key, operations))
		return "its \"key_ops\" lack \"verify\"";
	return NULL;
}

/* Copy only the members that form the key. librhonabwy would reject a key for an unknown "alg" or
 * an unreadable certificate. */
static const char *numbers_of(const json_t *json, jwk_t *jwk)
{
	static const char *const NAMES[] = { "kty", "crv", "x", "y",  "n",  "e", "k",
					     "d",   "p",   "q", "dp", "dq", "qi" };
	json_t *numbers = json_object(), *member;
	const char *why = NULL;

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if ((member = json_object_get(json, NAMES[i])) &&
		    json_object_set(numbers, NAMES[i], member) < 0)
			why = "out of memory";
	if (!why && r_jwk_import_from_json_t(jwk, numbers) != RHN_OK)
		why = "it is not a valid JWK of a known type";
	json_decref(numbers);
	return why;
}

const char *key_from_json(struct key *ret_key, const json_t *json, bool signing)
{
	const json_t *kid = json_object_get(json, "kid");
	const char *why = "out of memory";
	struct key key = { 0 };
	jwk_t *jwk = NULL;

	if (!json_is_object(json))
		return "it is not a valid JWK: not an object";
	if (kid && !json_is_string(kid))
		return "its \"kid\" is not a string";
	if (r_jwk_init(&jwk) == RHN_OK)
		why = numbers_of(json, jwk);
	if (!why)
		why = key_from_jwk(&key, jwk, signing);
	r_jwk_free(jwk);
	if (!why)
		why = purpose_fits(&key, json);
	if (!why && kid && !(key.kid = strdup(json_string_value(kid))))
		why = "out of memory";
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
		return "out of memory";
	memcpy(copy, secret, size);
	why = secret_take(&key, copy, size);
	if (!why && signing &&
	    (r_jwk_init(&key.signing) != RHN_OK ||
	     r_jwk_import_from_symmetric_key(key.signing, copy, size) != RHN_OK))
		why = "out of memory";
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

/* JWS has r and s side by side; GnuTLS expects them in DER. */
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
	/* GnuTLS takes the bytes without const but does not change them. */
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
