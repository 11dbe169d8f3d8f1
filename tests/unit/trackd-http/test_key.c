/* SPDX-License-Identifier: MIT */
/* The contents of key files, and that each key verifies only what was signed with it by its one
 * algorithm. */
#include "tests/unit/trackd-http/signing_keys.h"

/* ---- Keys and algorithms ------------------------------------------------ */

/* Signed with each of the keys, under the name of each algorithm: one in sixteen is right. */
static void expect_only(struct auth *auth, int right, const char *form)
{
	char what[64];

	for (int key = 0; key < FORGE_N; key++)
		for (int header = 0; header < FORGE_N; header++) {
			enum auth_failure wanted = header != right ? AUTH_ALGORITHM
						   : key != right  ? AUTH_SIGNATURE
								   : AUTH_NONE;

			snprintf(what, sizeof what, "%s, key %d, header %d for %d", form, key,
				 header, right);
			expect(ask(auth, forge(&keys[key], HEADERS[header], CLAIMS)), wanted, what);
		}
	expect(ask(auth, forge(&others[right], HEADERS[right], CLAIMS)), AUTH_SIGNATURE,
	       "another's key");
	auth_close(auth);
}

static void each_key_has_one_algorithm_in_every_form(void **state)
{
	(void)state;
	for (int i = 0; i < FORGE_N; i++) {
		expect_only(open_text(file_text(i, false), ""), i, "public or secret");
		expect_only(open_text(file_text(i, true), ""), i, "private PEM");
		expect_only(open_text(jwks_public[i], ""), i, "public JWK");
		expect_only(open_text(jwks_private[i], ""), i, "private JWK");
	}
}

/* The oldest trick: an HMAC with what everybody has, the public key. */
static void a_public_key_is_no_secret(void **state)
{
	(void)state;
	for (int i = FORGE_RS256; i < FORGE_N; i++) {
		const char *pem = (const char *)keys[i].public_pem.data;
		struct forge_key pem_secret = forge_key_secret(pem, strlen(pem)),
				 jwk_secret =
					 forge_key_secret(jwks_public[i], strlen(jwks_public[i]));
		struct auth *auth = open_text(pem, "");

		expect(ask(auth, forge(&pem_secret, HEADERS[FORGE_HS256], CLAIMS)), AUTH_ALGORITHM,
		       "PEM as secret");
		expect(ask(auth, forge(&pem_secret, HEADERS[i], CLAIMS)), AUTH_SIGNATURE,
		       "PEM as secret under its own name");
		expect(ask(auth, forge(&jwk_secret, HEADERS[FORGE_HS256], CLAIMS)), AUTH_ALGORITHM,
		       "JWK as secret");
		auth_close(auth);
		refuse_text(pem, "HS256", "there is no key for HS256");
	}
}

static void public_keys_in_other_forms_are_refused(void **state)
{
	gnutls_datum_t der;

	(void)state;
	assert_int_equal(
		gnutls_pem_base64_decode2("PUBLIC KEY", &keys[FORGE_RS256].public_pem, &der), 0);
	expect_refusal(der.data, der.size, 0600, "", "this is a public key");
	gnutls_free(der.data);
	refuse_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8sFh4cTn1t ada@host\n", "",
		    "this is a public key");
	refuse_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "",
		    "no PEM public key");
	refuse_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "",
		    "no PEM public key");
}

static void weak_keys_are_refused(void **state)
{
	struct forge_key weak;
	char *jwk;

	(void)state;
	refuse_text("", "", "the file is empty");
	refuse_text("1234567890123456789012345678901", "", "under 32 bytes");
	refuse_text("1234567890123456789012345678901\n", "", "under 32 bytes");
	refuse_text("{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "", "under 32 bytes");
	refuse_text("{\"kty\":\"oct\",\"k\":\"\"}", "", "");
	weak = forge_key_make(GNUTLS_PK_RSA, 1024);
	refuse_text((char *)weak.public_pem.data, "", "2048 bits");
	jwk = jwk_of(&weak.public_pem, R_X509_TYPE_PUBKEY);
	refuse_text(jwk, "", "2048 bits");
	free(jwk);
	forge_key_free(&weak);
	weak = forge_key_make(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1));
	refuse_text((char *)weak.public_pem.data, "", "P-256 or Ed25519");
	forge_key_free(&weak);
}

static void a_secret_is_text_without_its_line_end_or_bytes_as_they_are(void **state)
{
	static const char bytes[] = "\x01\xff\x00 and 32 bytes or more in all, and \n";
	struct forge_key text = forge_key_secret(FORGE_SECRET, sizeof FORGE_SECRET - 1),
			 raw = forge_key_secret(bytes, sizeof bytes - 1);
	struct auth_config config = config_of(bytes, sizeof bytes - 1, 0600, "");
	struct auth *auth = open_text(FORGE_SECRET "\r\n", "HS256");
	char why[WHY_MAX];

	(void)state;
	expect(ask(auth, forge(&text, HEADERS[0], CLAIMS)), AUTH_NONE, "text");
	auth_close(auth);
	forge_write(config.key_file, bytes, sizeof bytes - 1, 0600);
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
	expect(ask(auth, forge(&raw, HEADERS[0], CLAIMS)), AUTH_NONE, "bytes");
	auth_close(auth);
}

static void secrets_are_for_few(void **state)
{
	const gnutls_datum_t *public = &keys[FORGE_ES256].public_pem;
	struct auth_config config;
	struct auth *auth;
	char why[WHY_MAX];

	(void)state;
	expect_refusal(FORGE_SECRET, sizeof FORGE_SECRET, 0604, "", "other users may read");
	expect_refusal(FORGE_SECRET, sizeof FORGE_SECRET, 0602, "", "other users may read");
	expect_refusal(jwks_private[FORGE_RS256], strlen(jwks_private[FORGE_RS256]), 0644, "",
		       "other users may read");
	config = config_of(FORGE_SECRET, sizeof FORGE_SECRET, 0640, "");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
	auth_close(auth);
	config = config_of(public->data, public->size, 0644, "");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
	auth_close(auth);
}

static void what_is_no_key_is_refused(void **state)
{
	struct auth_config config = { 0 };
	struct auth *auth = NULL;
	char why[WHY_MAX];
	char *long_text = calloc(1, 70001);

	(void)state;
	memset(long_text, 'x', 70000);
	refuse_text(long_text, "", "longer than 64 KiB");
	free(long_text);
	refuse_text("{\"kty\":", "", "looks like JSON but is not valid");
	refuse_text("{\"kty\":\"oct\",\"kty\":\"RSA\"}", "", "looks like JSON but is not valid");
	refuse_text("{}", "", "not a valid JWK");
	refuse_text("[]", "", "not a valid JWK");
	refuse_text("{\"keys\":[]}", "", "the set has no keys");
	refuse_text("{\"keys\":[7,{}]}", "", "not a valid JWK");
	refuse_text("{\"kty\":\"RSA\",\"x5u\":\"https://127.0.0.1:1/key\"}", "", "");
	refuse_text(FORGE_SECRET, "none", "none is not one of");
	refuse_text(FORGE_SECRET, "HS256 HS512", "HS512 is not one of");
	refuse_text(FORGE_SECRET, "RS256", "there is no key for RS256");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "give --key-file FILE"));
	snprintf(config.key_file, sizeof config.key_file, "%s", forge_path("missing"));
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "No such file"));
	snprintf(config.key_file, sizeof config.key_file, "/");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "not a regular file"));
	assert_null(auth);
}

/* Another reader than ours: librhonabwy as a whole. */
static void expect_foreign_reader_agrees(const char *token, const char *jwk_text)
{
	jwt_t *jwt;
	jwk_t *jwk;

	assert_int_equal(r_jwk_init(&jwk), RHN_OK);
	assert_int_equal(r_jwk_import_from_json_str(jwk, jwk_text), RHN_OK);
	assert_int_equal(r_jwt_init(&jwt), RHN_OK);
	assert_int_equal(r_jwt_parse(jwt, token, R_FLAG_IGNORE_REMOTE), RHN_OK);
	assert_int_equal(r_jwt_verify_signature(jwt, jwk, R_FLAG_IGNORE_REMOTE), RHN_OK);
	assert_string_equal(r_jwt_get_claim_str_value(jwt, "sub"), "ada");
	r_jwt_free(jwt);
	r_jwk_free(jwk);
}

/* ---- Ed25519, the name in RFC 9864 -------------------------------------- */

static void ed25519_and_eddsa_are_one_algorithm(void **state)
{
	static const char *const headers[] = { "{\"alg\":\"EdDSA\"}", "{\"alg\":\"Ed25519\"}" };
	static const char *const algorithms[] = { "\"alg\":\"EdDSA\"", "\"alg\":\"Ed25519\"",
						  "\"kid\":\"ed\"" };
	static const char *const allowed[] = { "", "EdDSA", "Ed25519", "RS256,Ed25519" };

	(void)state;
	for (size_t k = 0; k < 12; k++) {
		struct auth *auth = open_text(with(jwks_public[FORGE_EDDSA], algorithms[k % 3]),
					      allowed[k / 3]);

		for (size_t h = 0; h < 2; h++) {
			expect(ask(auth, forge(&keys[FORGE_EDDSA], headers[h], CLAIMS)), AUTH_NONE,
			       headers[h]);
			expect(ask(auth, forge(&others[FORGE_EDDSA], headers[h], CLAIMS)),
			       AUTH_SIGNATURE, "another's key");
		}
		expect(ask(auth, forge(&keys[FORGE_EDDSA], "{\"alg\":\"Ed448\"}", CLAIMS)),
		       AUTH_ALGORITHM, "Ed448");
		expect(ask(auth, forge(&keys[FORGE_EDDSA], "{\"alg\":\"ed25519\"}", CLAIMS)),
		       AUTH_ALGORITHM, "another spelling");
		auth_close(auth);
	}
	refuse_text(with(jwks_public[FORGE_ES256], "\"alg\":\"Ed25519\""), "", "\"alg\"");
	refuse_text(jwks_public[FORGE_ES256], "Ed25519", "there is no key for Ed25519");
}

static void a_key_that_says_ed25519_signs(void **state)
{
	const char *file = with(jwks_private[FORGE_EDDSA], "\"alg\":\"Ed25519\"");
	struct auth_config config = config_of(file, strlen(file), 0600, "");
	char why[WHY_MAX], *token;

	(void)state;
	assert_int_equal(auth_sign(&config, "ada", FORGE_NOW, 60, &token, why, sizeof why), 0);
	expect_foreign_reader_agrees(token, jwks_public[FORGE_EDDSA]);
	free(token);
}

/* ---- Signing ------------------------------------------------------------ */

static void what_is_signed_verifies(void **state)
{
	char why[WHY_MAX], text[8192], *token;

	(void)state;
	for (int i = 0; i < 2 * FORGE_N; i++) {
		const char *file = i < FORGE_N ? jwks_private[i] : file_text(i - FORGE_N, true);
		struct auth_config config = config_of(file, strlen(file), 0600, "");
		struct identity identity;
		struct auth *auth;

		snprintf(config.issuer, sizeof config.issuer, "us");
		snprintf(config.audience, sizeof config.audience, "trackd");
		assert_int_equal(auth_sign(&config, "ada", FORGE_NOW, 60, &token, why, sizeof why),
				 0);
		assert_int_equal(auth_open(&config, &auth, why, sizeof why), 0);
		snprintf(text, sizeof text, "Bearer %s", token);
		expect(auth_check(auth, text, FORGE_NOW, &identity), AUTH_NONE, file);
		assert_string_equal(identity.owner, "ada");
		assert_int_equal(identity.expires, FORGE_NOW + 60 + AUTH_LEEWAY_S);
		expect(ask(auth, forge(&keys[i % FORGE_N], HEADERS[i % FORGE_N], CLAIMS)),
		       AUTH_CLAIMS, "without iss and aud");
		expect_foreign_reader_agrees(token, jwks_public[i % FORGE_N]);
		auth_close(auth);
		free(token);
	}
}

static void what_cannot_be_signed_is_refused(void **state)
{
	static const struct {
		const char *owner;
		int64_t ttl_s;
	} cases[] = { { "", 60 },
		      { "0123456789012345678901234567890123456789012345678901234567890123", 60 },
		      { "\xff", 60 },
		      { "ada\n", 60 },
		      { "\x7f", 60 },
		      { "ada", 0 },
		      { "ada", -1 },
		      { "ada", INT64_MAX } };
	struct auth_config config = config_of(FORGE_SECRET, sizeof FORGE_SECRET - 1, 0600, "");
	char why[WHY_MAX], *token = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(auth_sign(&config, cases[i].owner, FORGE_NOW, cases[i].ttl_s,
					   &token, why, sizeof why),
				 -EINVAL);
	config = config_of(jwks_public[FORGE_RS256], strlen(jwks_public[FORGE_RS256]), 0644, "");
	assert_int_equal(auth_sign(&config, "ada", FORGE_NOW, 60, &token, why, sizeof why),
			 -EINVAL);
	assert_non_null(strstr(why, "no key that can sign"));
	assert_null(token);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_key_has_one_algorithm_in_every_form),
	cmocka_unit_test(a_public_key_is_no_secret),
	cmocka_unit_test(public_keys_in_other_forms_are_refused),
	cmocka_unit_test(weak_keys_are_refused),
	cmocka_unit_test(a_secret_is_text_without_its_line_end_or_bytes_as_they_are),
	cmocka_unit_test(secrets_are_for_few),
	cmocka_unit_test(what_is_no_key_is_refused),
	cmocka_unit_test(ed25519_and_eddsa_are_one_algorithm),
	cmocka_unit_test(a_key_that_says_ed25519_signs),
	cmocka_unit_test(what_is_signed_verifies),
	cmocka_unit_test(what_cannot_be_signed_is_refused),
};

SUITE_WITH(tests, signing_keys_setup, signing_keys_teardown)
