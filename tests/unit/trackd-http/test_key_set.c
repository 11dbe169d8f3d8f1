/* SPDX-License-Identifier: MIT */
/* A key file with a set of keys: which key verifies which token, and that an unusable key does not
 * affect the others. */
#include "tests/unit/trackd-http/signing_keys.h"

/* ---- Choosing ----------------------------------------------------------- */

static void a_kid_chooses_among_keys_that_have_one(void **state)
{
	char *other = jwk_of(&others[FORGE_ES256].public_pem, R_X509_TYPE_PUBKEY);
	struct auth *auth = open_set(with(jwks_public[FORGE_ES256], "\"kid\":\"new\""),
				     with(other, "\"kid\":\"old\""),
				     with(jwks_public[FORGE_EDDSA], "\"kid\":\"ed\""), "");

	(void)state;
	expect(ask(auth, forge(&keys[FORGE_ES256], "{\"alg\":\"ES256\",\"kid\":\"new\"}", CLAIMS)),
	       AUTH_NONE, "new");
	expect(ask(auth,
		   forge(&others[FORGE_ES256], "{\"alg\":\"ES256\",\"kid\":\"old\"}", CLAIMS)),
	       AUTH_NONE, "old");
	expect(ask(auth, forge(&keys[FORGE_ES256], "{\"alg\":\"ES256\",\"kid\":\"old\"}", CLAIMS)),
	       AUTH_SIGNATURE, "the other's kid");
	expect(ask(auth, forge(&keys[FORGE_ES256], "{\"alg\":\"ES256\",\"kid\":\"ed\"}", CLAIMS)),
	       AUTH_SIGNATURE, "kid of another kind");
	expect(ask(auth,
		   forge(&keys[FORGE_ES256], "{\"alg\":\"ES256\",\"kid\":\"../new\"}", CLAIMS)),
	       AUTH_SIGNATURE, "kid of none");
	expect(ask(auth, forge(&others[FORGE_ES256], HEADERS[FORGE_ES256], CLAIMS)), AUTH_NONE,
	       "no kid");
	expect(ask(auth, forge(&keys[FORGE_EDDSA], HEADERS[FORGE_EDDSA], CLAIMS)), AUTH_NONE,
	       "the set's other algorithm");
	auth_close(auth);
	free(other);
}

static void keys_for_other_purposes_are_passed_over(void **state)
{
	struct auth *auth = open_set(with(jwks_public[FORGE_RS256], "\"use\":\"enc\""),
				     with(jwks_public[FORGE_ES256], "\"alg\":\"ES384\""),
				     jwks_public[FORGE_EDDSA], "");

	(void)state;
	expect(ask(auth, forge(&keys[FORGE_RS256], HEADERS[FORGE_RS256], CLAIMS)), AUTH_ALGORITHM,
	       "use enc");
	expect(ask(auth, forge(&keys[FORGE_ES256], HEADERS[FORGE_ES256], CLAIMS)), AUTH_ALGORITHM,
	       "alg ES384");
	expect(ask(auth, forge(&keys[FORGE_EDDSA], HEADERS[FORGE_EDDSA], CLAIMS)), AUTH_NONE,
	       "the good one");
	auth_close(auth);
	refuse_text(with(jwks_public[FORGE_RS256], "\"alg\":\"RS512\""), "", "\"alg\"");
	refuse_text(with(jwks_public[FORGE_RS256], "\"alg\":\"HS256\""), "", "\"alg\"");
	refuse_text(with(jwks_public[FORGE_RS256], "\"use\":\"enc\""), "", "\"use\"");
}

static void only_named_algorithms_are_allowed(void **state)
{
	struct auth *auth = open_set(jwks_public[FORGE_RS256], jwks_public[FORGE_ES256],
				     jwks_public[FORGE_EDDSA], "ES256, EdDSA");

	(void)state;
	for (int i = 0; i < FORGE_N; i++)
		expect(ask(auth, forge(&keys[i], HEADERS[i], CLAIMS)),
		       i == FORGE_ES256 || i == FORGE_EDDSA ? AUTH_NONE : AUTH_ALGORITHM,
		       HEADERS[i]);
	expect(ask(auth, forge(&keys[FORGE_ES256], HEADERS[FORGE_EDDSA], CLAIMS)), AUTH_SIGNATURE,
	       "one allowed algorithm by the name of another");
	auth_close(auth);
}

static void an_algorithm_without_a_key_does_not_spoil_the_others(void **state)
{
	char *log_path = strdup(forge_path("log"));
	int before = forge_log_begin(log_path);
	struct auth *auth = open_set(jwks_public[FORGE_RS256], "{}", "{}", "ES256 RS256");
	const char *log = forge_log_end(log_path, before);

	(void)state;
	assert_non_null(strstr(log, "there is no key for ES256"));
	assert_null(strstr(log, "there is no key for RS256"));
	expect(ask(auth, forge(&keys[FORGE_RS256], HEADERS[FORGE_RS256], CLAIMS)), AUTH_NONE,
	       "the one that has one");
	auth_close(auth);
	free(log_path);
}

/* ---- Odd keys ----------------------------------------------------------- */

#define X_ED "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static const struct odd {
	const char *jwk, *said;
} ODD[] = {
	{ "7", "not a valid JWK" },
	{ "null", "not a valid JWK" },
	{ "[]", "not a valid JWK" },
	{ "{\"kid\":\"k\"}", "(kid k) is not used: it is not a valid JWK" },
	{ "{\"kid\":\"k\",\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"}", "(kid k)" },
	{ "{\"kid\":\"k\",\"kty\":7," X_ED "}", "(kid k)" },
	{ "{\"kty\":\"OKP\",\"crv\":\"X25519\"," X_ED "}",
	  "is not used: its parameters do not form a valid key" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"}", "is not used: " },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "is not used: its parameters" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"!!!!\"}", "not used: it is not a valid" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":7," X_ED "}",
	  "its \"kid\" is not a string" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"ECDH-ES\"," X_ED "}", "its \"alg\"" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":[\"Ed25519\"]," X_ED "}", "its \"alg\"" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\"," X_ED "}", "its \"use\"" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":null," X_ED "}", "its \"use\"" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"encrypt\"]," X_ED "}", "key_ops" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"sign\"]," X_ED "}", "key_ops" },
	{ "{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X_ED ",\"y\":\"AAAA\"}", "is not used: " },
	{ "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "under 32 bytes" },
	{ "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "2048 bits" },
	{ "{\"kty\":\"oct\",\"kid\":\"two\\nlines\"}", "(kid two lines)" },
};

/* As one of three, in each place: the other two verify, and a line names the odd one. */
static void one_odd_key_does_not_spoil_the_others(void **state)
{
	char *log_path = strdup(forge_path("log"));

	(void)state;
	for (size_t i = 0; i < sizeof ODD / sizeof ODD[0]; i++) {
		const char *three[] = { jwks_public[FORGE_RS256], jwks_public[FORGE_EDDSA], NULL };
		size_t place = i % 3;
		char name[64];

		three[2] = three[place];
		three[place] = ODD[i].jwk;
		int before = forge_log_begin(log_path);
		struct auth *auth = open_set(three[0], three[1], three[2], "");
		const char *log = forge_log_end(log_path, before);

		snprintf(name, sizeof name, "key %zu of the set", place + 1);
		if (!strstr(log, name) || !strstr(log, ODD[i].said) ||
		    strchr(log, '\n') != log + strlen(log) - 1)
			fail_msg("%s: \"%s\" does not say once \"%s\" and \"%s\"", ODD[i].jwk, log,
				 name, ODD[i].said);
		for (int k = FORGE_RS256; k <= FORGE_EDDSA; k += FORGE_EDDSA - FORGE_RS256)
			expect(ask(auth, forge(&keys[k], HEADERS[k], CLAIMS)), AUTH_NONE,
			       ODD[i].jwk);
		auth_close(auth);
	}
	free(log_path);
}

static void a_set_of_odd_keys_is_refused(void **state)
{
	char set[1024];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof ODD / sizeof ODD[0]; i++) {
		snprintf(set, sizeof set, "{\"keys\":[%s,%s]}", ODD[i].jwk, ODD[i + 1].jwk);
		refuse_text(set, "", "no key of the set can be used; the first one: ");
	}
}

/* Certificates and unknown members beside a key do not make it unusable. */
static void what_lies_beside_a_key_does_not_matter(void **state)
{
	static const char *const beside[] = { "\"x5c\":[\"AAAA\"]", "\"x5t\":7",
					      "\"x5u\":\"https://127.0.0.1:1/\"",
					      "\"exp\":1,\"nbf\":\"never\",\"ext\":[{}]",
					      "\"key_ops\":[\"verify\"],\"use\":\"sig\"" };

	(void)state;
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		struct auth *auth = open_text(with(jwks_public[FORGE_EDDSA], beside[i]), "");

		expect(ask(auth, forge(&keys[FORGE_EDDSA], HEADERS[FORGE_EDDSA], CLAIMS)),
		       AUTH_NONE, beside[i]);
		auth_close(auth);
	}
}

static void keys_beyond_those_that_fit_are_named(void **state)
{
	static char set[32768];
	char *log_path = strdup(forge_path("log"));
	size_t length = (size_t)snprintf(set, sizeof set, "{\"keys\":[");

	(void)state;
	for (int i = 0; i < 34; i++)
		length += (size_t)snprintf(set + length, sizeof set - length, "%s%s",
					   i > 0 ? "," : "", jwks_public[FORGE_EDDSA]);
	snprintf(set + length, sizeof set - length, "]}");
	int before = forge_log_begin(log_path);
	struct auth *auth = open_text(set, "");
	const char *log = forge_log_end(log_path, before);

	assert_non_null(strstr(log, "key 33 of the set is not used: a set may have at most"));
	assert_non_null(strstr(log, "key 34 of the set is not used"));
	assert_null(strstr(log, "key 32 of the set"));
	auth_close(auth);
	free(log_path);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_kid_chooses_among_keys_that_have_one),
	cmocka_unit_test(keys_for_other_purposes_are_passed_over),
	cmocka_unit_test(only_named_algorithms_are_allowed),
	cmocka_unit_test(an_algorithm_without_a_key_does_not_spoil_the_others),
	cmocka_unit_test(one_odd_key_does_not_spoil_the_others),
	cmocka_unit_test(a_set_of_odd_keys_is_refused),
	cmocka_unit_test(what_lies_beside_a_key_does_not_matter),
	cmocka_unit_test(keys_beyond_those_that_fit_are_named),
};

SUITE_WITH(tests, signing_keys_setup, signing_keys_teardown)
