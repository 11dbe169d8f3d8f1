/* SPDX-License-Identifier: MIT */
/* What a key file may hold, and that each key verifies what is signed with it by its one algorithm
 * and nothing else. */
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/auth.h"
#include <errno.h>
#include <rhonabwy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define CLAIMS "{\"sub\":\"ada\",\"exp\":1700003600}"

/* FORGE_N keys and as many that an attacker has; files of them in each form. */
static struct forge_key keys[FORGE_N], others[FORGE_N];
static char *jwks_public[FORGE_N], *jwks_private[FORGE_N];

static const char *const HEADERS[FORGE_N] = {
	"{\"alg\":\"HS256\"}",
	"{\"alg\":\"RS256\"}",
	"{\"alg\":\"ES256\"}",
	"{\"alg\":\"EdDSA\"}",
};

/* ---- Before and after --------------------------------------------------- */

static char *jwk_of(const gnutls_datum_t *pem, int type)
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

static int make_keys(void **state)
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

static int free_keys(void **state)
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

/* ---- Opening ------------------------------------------------------------ */

static struct auth_config config_of(const void *bytes, size_t size, mode_t mode,
				    const char *algorithms)
{
	struct auth_config config = { 0 };

	snprintf(config.key_file, sizeof config.key_file, "%s", forge_path("key"));
	snprintf(config.algorithms, sizeof config.algorithms, "%s", algorithms);
	forge_write(config.key_file, bytes, size, mode);
	return config;
}

static struct auth *open_text(const char *text, const char *algorithms)
{
	struct auth_config config = config_of(text, strlen(text), 0600, algorithms);
	char why[8192] = "";
	struct auth *auth = NULL;

	if (auth_open(&config, &auth, why, sizeof why) != 0)
		fail_msg("%s", why);
	return auth;
}

/* Refused, with a sentence that names the file and says these words, but not what the file holds. */
static void expect_refusal(const void *bytes, size_t size, mode_t mode, const char *algorithms,
			   const char *words)
{
	struct auth_config config = config_of(bytes, size, mode, algorithms);
	struct auth *auth = NULL;
	char why[8192] = "", start[13] = "";

	if (auth_open(&config, &auth, why, sizeof why) != -EINVAL)
		fail_msg("accepted, where \"%s\" was to be said", words);
	assert_null(auth);
	if (!strstr(why, words) || strncmp(why, config.key_file, strlen(config.key_file)) != 0)
		fail_msg("\"%s\" does not say \"%s\"", why, words);
	memcpy(start, bytes, size < 12 ? size : 12);
	if (size >= 12 && strstr(why, start))
		fail_msg("\"%s\" tells what the file holds", why);
}

static void refuse_text(const char *text, const char *algorithms, const char *words)
{
	expect_refusal(text, strlen(text), 0600, algorithms, words);
}

static enum auth_failure ask(struct auth *auth, const char *authorization)
{
	struct identity identity;

	return auth_check(auth, authorization, FORGE_NOW, &identity);
}

static void expect(enum auth_failure got, enum auth_failure wanted, const char *what)
{
	if (got != wanted)
		fail_msg("%s: %s, not %s", what, auth_failure_label(got),
			 auth_failure_label(wanted));
}

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

static const char *file_text(int i, bool private)
{
	if (i == FORGE_HS256)
		return FORGE_SECRET "\n";
	return (const char *)(private ? keys[i].private_pem : keys[i].public_pem).data;
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
	refuse_text("", "", "it is empty");
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
	char why[8192];

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
	char why[8192];

	(void)state;
	expect_refusal(FORGE_SECRET, sizeof FORGE_SECRET, 0604, "", "others may open it");
	expect_refusal(FORGE_SECRET, sizeof FORGE_SECRET, 0602, "", "others may open it");
	expect_refusal(jwks_private[FORGE_RS256], strlen(jwks_private[FORGE_RS256]), 0644, "",
		       "others may open it");
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
	char why[8192];
	char *long_text = calloc(1, 70001);

	(void)state;
	memset(long_text, 'x', 70000);
	refuse_text(long_text, "", "over 64 KiB");
	free(long_text);
	refuse_text("{\"kty\":", "", "looks like JSON and is none");
	refuse_text("{\"kty\":\"oct\",\"kty\":\"RSA\"}", "", "looks like JSON and is none");
	refuse_text("{}", "", "no valid JWK");
	refuse_text("[]", "", "no valid JWK");
	refuse_text("{\"keys\":[]}", "", "no key in the set");
	refuse_text("{\"keys\":[7,{}]}", "", "no valid JWK");
	refuse_text("{\"kty\":\"RSA\",\"x5u\":\"https://127.0.0.1:1/key\"}", "", "");
	refuse_text(FORGE_SECRET, "none", "none is not among");
	refuse_text(FORGE_SECRET, "HS256 HS512", "HS512 is not among");
	refuse_text(FORGE_SECRET, "RS256", "there is no key for RS256");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "give --key-file FILE"));
	snprintf(config.key_file, sizeof config.key_file, "%s", forge_path("missing"));
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "No such file"));
	snprintf(config.key_file, sizeof config.key_file, "/");
	assert_int_equal(auth_open(&config, &auth, why, sizeof why), -EINVAL);
	assert_non_null(strstr(why, "no regular file"));
	assert_null(auth);
}

/* ---- Sets --------------------------------------------------------------- */

/* The object of a JWK with members more: static, one at a time. */
static const char *with(const char *jwk, const char *members)
{
	static char buffers[4][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 4];

	snprintf(buffer, sizeof buffers[0], "{%s,%s", members, jwk + 1);
	return buffer;
}

static struct auth *open_set(const char *a, const char *b, const char *c, const char *algorithms)
{
	char set[16384];

	snprintf(set, sizeof set, "{\"keys\":[%s,%s,%s]}", a, b, c);
	return open_text(set, algorithms);
}

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
	char why[8192], *token;

	(void)state;
	assert_int_equal(auth_sign(&config, "ada", FORGE_NOW, 60, &token, why, sizeof why), 0);
	expect_foreign_reader_agrees(token, jwks_public[FORGE_EDDSA]);
	free(token);
}

/* ---- Odd keys ----------------------------------------------------------- */

#define X_ED "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static const struct odd {
	const char *jwk, *said;
} ODD[] = {
	{ "7", "no valid JWK" },
	{ "null", "no valid JWK" },
	{ "[]", "no valid JWK" },
	{ "{\"kid\":\"k\"}", "(kid k) is not used: it is no valid JWK" },
	{ "{\"kid\":\"k\",\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"}", "(kid k)" },
	{ "{\"kid\":\"k\",\"kty\":7," X_ED "}", "(kid k)" },
	{ "{\"kty\":\"OKP\",\"crv\":\"X25519\"," X_ED "}", "is not used: its numbers make no key" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"}", "is not used: " },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "is not used: its numbers" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"!!!!\"}", "is not used: it is no valid" },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":7," X_ED "}", "its \"kid\" is no text" },
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
		refuse_text(set, "", "no key of the set can be used; of the first: ");
	}
}

/* What else is beside a key does not make it odd: certificates, and members that are none of ours. */
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

	assert_non_null(strstr(log, "key 33 of the set is not used: a set may have 32 keys"));
	assert_non_null(strstr(log, "key 34 of the set is not used"));
	assert_null(strstr(log, "key 32 of the set"));
	auth_close(auth);
	free(log_path);
}

/* ---- Signing ------------------------------------------------------------ */

static void what_is_signed_verifies(void **state)
{
	char why[8192], text[8192], *token;

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
	char why[8192], *token = NULL;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_one_algorithm_in_every_form),
		cmocka_unit_test(a_public_key_is_no_secret),
		cmocka_unit_test(public_keys_in_other_forms_are_refused),
		cmocka_unit_test(weak_keys_are_refused),
		cmocka_unit_test(a_secret_is_text_without_its_line_end_or_bytes_as_they_are),
		cmocka_unit_test(secrets_are_for_few),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_kid_chooses_among_keys_that_have_one),
		cmocka_unit_test(keys_for_other_purposes_are_passed_over),
		cmocka_unit_test(only_named_algorithms_are_allowed),
		cmocka_unit_test(an_algorithm_without_a_key_does_not_spoil_the_others),
		cmocka_unit_test(ed25519_and_eddsa_are_one_algorithm),
		cmocka_unit_test(a_key_that_says_ed25519_signs),
		cmocka_unit_test(one_odd_key_does_not_spoil_the_others),
		cmocka_unit_test(a_set_of_odd_keys_is_refused),
		cmocka_unit_test(what_lies_beside_a_key_does_not_matter),
		cmocka_unit_test(keys_beyond_those_that_fit_are_named),
		cmocka_unit_test(what_is_signed_verifies),
		cmocka_unit_test(what_cannot_be_signed_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
