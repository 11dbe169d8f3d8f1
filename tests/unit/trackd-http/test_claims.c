/* SPDX-License-Identifier: MIT */
/* Which claims are accepted: those within their time, with a subject that can be an owner, from the
 * configured issuer and for the configured audience. */
#include "tests/unit/trackd-http/admission.h"

#define SUB(text) "{\"sub\":" text ",\"exp\":1700003600}"
#define EXP(text) "{\"sub\":\"ada\",\"exp\":" text "}"
#define NBF(text) "{\"sub\":\"ada\",\"exp\":1700003600,\"nbf\":" text "}"
#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const char *with_claims(const char *claims)
{
	return forge(&hs, HS256, claims);
}

static const struct verdict times[] = {
	{ "{\"sub\":\"ada\"}", AUTH_CLAIMS },
	{ EXP("null"), AUTH_CLAIMS },
	{ EXP("\"1700003600\""), AUTH_CLAIMS },
	{ EXP("true"), AUTH_CLAIMS },
	{ EXP("[1700003600]"), AUTH_CLAIMS },
	{ EXP("-1"), AUTH_CLAIMS },
	{ EXP("-1700003600.5"), AUTH_CLAIMS },
	{ EXP("0"), AUTH_EXPIRED },
	{ EXP("1699999940"), AUTH_EXPIRED }, /* the leeway is over this very second */
	{ EXP("1699999941"), AUTH_NONE },
	{ EXP("1699999940.9"), AUTH_EXPIRED },
	{ EXP("1700003600.25"), AUTH_NONE },
	{ EXP("1.7000036e9"), AUTH_NONE },
	{ EXP("253402300799"), AUTH_NONE },
	{ EXP("253402300800"), AUTH_CLAIMS },
	{ EXP("9223372036854775807"), AUTH_CLAIMS },
	{ EXP("9223372036854775808"), AUTH_MALFORMED },
	{ EXP("1e300"), AUTH_CLAIMS },
	{ EXP("1e999"), AUTH_MALFORMED },
	{ EXP("1700003600,\"exp\":1"), AUTH_MALFORMED },
	{ NBF("1700000000"), AUTH_NONE },
	{ NBF("1700000060"), AUTH_NONE },
	{ NBF("1700000060.5"), AUTH_NOT_YET },
	{ NBF("1700000061"), AUTH_NOT_YET },
	{ NBF("\"1700000000\""), AUTH_CLAIMS },
	{ NBF("null"), AUTH_CLAIMS },
	{ NBF("-5"), AUTH_CLAIMS },
};

static const struct verdict subjects[] = {
	{ "{\"exp\":1700003600}", AUTH_SUBJECT },
	{ SUB("\"\""), AUTH_SUBJECT },
	{ SUB("\"" SIXTY "123\""), AUTH_NONE },
	{ SUB("\"" SIXTY "1234\""), AUTH_SUBJECT },
	{ SUB("\"" SIXTY "12\xc3\xa4\""), AUTH_SUBJECT }, /* 63 characters, 64 bytes */
	{ SUB("7"), AUTH_SUBJECT },
	{ SUB("null"), AUTH_SUBJECT },
	{ SUB("[\"ada\"]"), AUTH_SUBJECT },
	{ SUB("{}"), AUTH_SUBJECT },
	{ SUB("\"ada\\n\""), AUTH_SUBJECT },
	{ SUB("\"\\tada\""), AUTH_SUBJECT },
	{ SUB("\"a\\u0001a\""), AUTH_SUBJECT },
	{ SUB("\"a\\u001b[2Ja\""), AUTH_SUBJECT },
	{ SUB("\"ada\x7f\""), AUTH_SUBJECT },
	{ SUB("\"\\u0085\""), AUTH_SUBJECT }, /* next line, of C1 */
	{ SUB("\"\\u009fada\""), AUTH_SUBJECT },
	{ SUB("\"a\\u2028a\""), AUTH_SUBJECT }, /* line separator */
	{ SUB("\"a\\u202ea\""), AUTH_SUBJECT }, /* right to left from here on */
	{ SUB("\"\\ufeffada\""), AUTH_SUBJECT },
	{ SUB("\"a a\\u00a0a\""), AUTH_NONE },
	{ SUB("\"\\u05d0\\ud83d\\ude00\""), AUTH_NONE },
	{ SUB("\"ada\\u0000eve\""), AUTH_MALFORMED },
	{ SUB("\"\\u0000\""), AUTH_MALFORMED },
	{ SUB("\"ada\",\"sub\":\"eve\""), AUTH_MALFORMED },
	{ SUB("\"\xff\""), AUTH_MALFORMED },
	{ SUB("\"\\ud800\""), AUTH_MALFORMED },
};

static const struct verdict payloads[] = {
	{ CLAIMS, AUTH_NONE },
	{ "", AUTH_MALFORMED },
	{ "[]", AUTH_MALFORMED },
	{ "\"ada\"", AUTH_MALFORMED },
	{ CLAIMS CLAIMS, AUTH_MALFORMED },
};

static void claims_are_what_they_must_be(void **state)
{
	EXPECT_VERDICTS(*state, times, with_claims);
	EXPECT_VERDICTS(*state, subjects, with_claims);
	EXPECT_VERDICTS(*state, payloads, with_claims);
}

/* The log says which sub it was, in one line, and not for each of a flood. */
static void a_refused_sub_is_in_the_log_escaped(void **state)
{
	char *path = strdup(forge_path("log"));
	struct auth *auth = *state;
	struct identity identity;
	const char *log, *claims = SUB("\"a\\nb\\u001b\\u0085\\u00e4\"");
	int before;

	before = forge_log_begin(path);
	for (int i = 0; i < 20; i++) /* ten minutes after all other tests */
		expect(ask_at(auth, forge(&hs, HS256, claims), FORGE_NOW + 600 + i / 2, &identity),
		       AUTH_SUBJECT, "controls");
	log = forge_log_end(path, before);
	assert_non_null(strstr(log, " sub, \"a\\nb\\u001B\\u0085\\u00E4\": "));
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
	free(path);
}

static void a_nul_in_the_payload_ends_nothing(void **state)
{
	static const char claims[] = CLAIMS "\0{\"sub\":\"eve\"}";
	struct auth *auth = *state;

	expect(ask(auth, forge_bytes(&hs, HS256, claims, sizeof claims - 1)), AUTH_MALFORMED,
	       "NUL");
}

/* A token within a token, whose wrapping anybody with a token of his own could have made. */
static void nested_tokens_are_refused(void **state)
{
	struct auth *auth = *state;
	char inner[4096];

	snprintf(inner, sizeof inner, "%s", forge(&hs, HS256, CLAIMS) + 7);
	expect(ask(auth, forge(&hs, HS256, inner)), AUTH_MALFORMED, "nested");
}

static const char *with_more_claims(const char *more)
{
	char claims[512];

	snprintf(claims, sizeof claims, "{\"sub\":\"ada\",\"exp\":1700003600,%s}", more);
	return forge(&hs, HS256, claims);
}

static const struct verdict issuers_and_audiences[] = {
	{ "\"iss\":\"us\",\"aud\":\"trackd\"", AUTH_NONE },
	{ "\"iss\":\"us\",\"aud\":[\"other\",\"trackd\"]", AUTH_NONE },
	{ "\"iss\":\"us\",\"aud\":[\"other\"]", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":[]", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":[[\"trackd\"]]", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":{\"trackd\":1}", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":\"trackd2\"", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":\"track\"", AUTH_CLAIMS },
	{ "\"iss\":\"us\",\"aud\":null", AUTH_CLAIMS },
	{ "\"iss\":\"us\"", AUTH_CLAIMS },
	{ "\"iss\":\"them\",\"aud\":\"trackd\"", AUTH_CLAIMS },
	{ "\"iss\":[\"us\"],\"aud\":\"trackd\"", AUTH_CLAIMS },
	{ "\"aud\":\"trackd\"", AUTH_CLAIMS },
};

static void issuer_and_audience_are_checked_if_configured(void **state)
{
	struct auth_config config = config_of(hs.secret, hs.n_secret, 0600, "");
	struct auth *auth;

	(void)state;
	snprintf(config.issuer, sizeof config.issuer, "us");
	snprintf(config.audience, sizeof config.audience, "trackd");
	auth = open_config(&config);
	EXPECT_VERDICTS(auth, issuers_and_audiences, with_more_claims);
	auth_close(auth);
}

static void the_identity_is_what_the_token_says(void **state)
{
	struct auth *auth = *state;
	struct identity identity;

	for (int round = 0; round < 2; round++) { /* verified, then remembered */
		expect(ask_at(auth, forge(&hs, HS256, SUB("\"J\\u00f6rg\"")), FORGE_NOW, &identity),
		       AUTH_NONE, "good");
		assert_string_equal(identity.owner, "J\xc3\xb6rg");
		assert_int_equal(identity.expires, 1700003600 + AUTH_LEEWAY_S);
	}
}

static const struct CMUnitTest tests[] = {
	ADMISSION(claims_are_what_they_must_be),
	ADMISSION(a_refused_sub_is_in_the_log_escaped),
	ADMISSION(a_nul_in_the_payload_ends_nothing),
	ADMISSION(nested_tokens_are_refused),
	cmocka_unit_test(issuer_and_audience_are_checked_if_configured),
	ADMISSION(the_identity_is_what_the_token_says),
};

SUITE(tests)
