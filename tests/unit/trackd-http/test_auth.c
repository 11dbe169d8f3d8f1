/* SPDX-License-Identifier: MIT */
/* Who is let in: a token of the configured key, for its algorithm, with all that it must claim, and
 * no other, whatever it says of itself. */
#include "tests/unit/trackd-http/forge.h"
#include "tools/trackd-http/auth/auth.h"
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"sub\":\"ada\",\"exp\":1700003600}"
#define SUB(text) "{\"sub\":" text ",\"exp\":1700003600}"
#define EXP(text) "{\"sub\":\"ada\",\"exp\":" text "}"
#define NBF(text) "{\"sub\":\"ada\",\"exp\":1700003600,\"nbf\":" text "}"
#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct forge_key hs = { .kind = FORGE_HS256,
				     .secret = FORGE_SECRET,
				     .n_secret = sizeof FORGE_SECRET - 1 };

/* ---- Asking ------------------------------------------------------------- */

static struct auth_config config_of(const void *key, size_t size)
{
	struct auth_config config = { 0 };

	snprintf(config.key_file, sizeof config.key_file, "%s", forge_path("key"));
	forge_write(config.key_file, key, size, 0600);
	return config;
}

static struct auth *open_config(const struct auth_config *config)
{
	char why[8192] = "";
	struct auth *auth = NULL;

	if (auth_open(config, &auth, why, sizeof why) != 0)
		harness_die("%s", why);
	return auth;
}

static struct auth *open_key(const void *key, size_t size)
{
	struct auth_config config = config_of(key, size);

	return open_config(&config);
}

static struct auth *open_hs(void)
{
	return open_key(FORGE_SECRET, sizeof FORGE_SECRET - 1);
}

/* A refusal leaves the identity as it was. */
static enum auth_failure ask_at(struct auth *auth, const char *authorization, int64_t now,
				struct identity *identity)
{
	struct identity before;
	enum auth_failure failure;

	memset(identity, 0x5a, sizeof *identity);
	before = *identity;
	failure = auth_check(auth, authorization, now, identity);
	if (failure != AUTH_NONE)
		assert_memory_equal(identity, &before, sizeof before);
	return failure;
}

static enum auth_failure ask(struct auth *auth, const char *authorization)
{
	struct identity identity;

	return ask_at(auth, authorization, FORGE_NOW, &identity);
}

static void expect(enum auth_failure got, enum auth_failure wanted, const char *what)
{
	if (got != wanted)
		fail_msg("%s: %s, not %s", what, auth_failure_label(got),
			 auth_failure_label(wanted));
}

/* ---- Shape -------------------------------------------------------------- */

static void what_is_no_token_is_refused(void **state)
{
	static const struct {
		const char *authorization;
		enum auth_failure failure;
	} cases[] = {
		{ NULL, AUTH_MISSING },
		{ "", AUTH_MISSING },
		{ "Basic YWRhOmFkYQ==", AUTH_MISSING },
		{ "Bearer", AUTH_MISSING },
		{ "Bearer ", AUTH_MISSING },
		{ "Bearer    ", AUTH_MISSING },
		{ "Bearertoken", AUTH_MISSING },
		{ "Bearer garbage", AUTH_MALFORMED },
		{ "Bearer .", AUTH_MALFORMED },
		{ "Bearer ..", AUTH_MALFORMED },
		{ "Bearer ....", AUTH_MALFORMED },
		{ "Bearer a.b.c", AUTH_MALFORMED },
		{ "Bearer e30.e30.e30.e30.e30", AUTH_MALFORMED }, /* a JWE */
		{ "Bearer \xff\xfe.\x80.\x01", AUTH_MALFORMED },
		{ "Bearer e30.e30.e30", AUTH_ALGORITHM },     /* {} */
		{ "Bearer W10.e30.e30", AUTH_MALFORMED },     /* [] */
		{ "Bearer bnVsbA.e30.e30", AUTH_MALFORMED },  /* null */
		{ "Bearer IkhTMjU2Ig.e30.", AUTH_MALFORMED }, /* "HS256" */
	};
	struct auth *auth = open_hs();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(ask(auth, cases[i].authorization), cases[i].failure,
		       cases[i].authorization ? cases[i].authorization : "NULL");
	auth_close(auth);
}

static void the_scheme_is_known_by_any_case(void **state)
{
	static const char *const schemes[] = { "bearer ", "BEARER ", "Bearer   " };
	struct auth *auth = open_hs();
	char text[4096];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "%s%s", schemes[i], forge(&hs, HS256, CLAIMS) + 7);
		expect(ask(auth, text), AUTH_NONE, schemes[i]);
	}
	auth_close(auth);
}

static void a_token_has_at_most_8_kib(void **state)
{
	struct auth *auth = open_hs();
	bool exact = false, beyond = false;
	char claims[8192];

	(void)state;
	for (size_t pad = 5900; pad < 7000; pad++) {
		const char *text;
		size_t length;

		snprintf(claims, sizeof claims,
			 "{\"sub\":\"ada\",\"exp\":1700003600,\"pad\":\"%0*d\"}", (int)pad, 0);
		text = forge(&hs, HS256, claims);
		length = strlen(text + 7);
		exact |= length == AUTH_TOKEN_MAX;
		beyond |= length > 9216;
		expect(ask(auth, text), length <= AUTH_TOKEN_MAX ? AUTH_NONE : AUTH_TOO_LONG,
		       "long");
	}
	assert_true(exact && beyond);
	auth_close(auth);
}

/* Each byte of a token changed, one at a time, to each other character: nothing verifies. The last
 * character of a part has bits left over, which must not give a token a second spelling. */
static void no_character_can_be_changed(void **state)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-_=+/. \t";
	struct auth *auth = open_hs();
	char *text = forge(&hs, HS256, CLAIMS);
	size_t length = strlen(text);

	(void)state;
	for (size_t i = 7; i < length; i++) {
		char was = text[i];

		for (const char *c = characters; *c != '\0'; c++) {
			text[i] = *c;
			/* More spaces before a token are only that. */
			if (*c != was && ask(auth, text) == AUTH_NONE)
				fail_msg("byte %zu may be '%c' too", i, *c);
		}
		text[i] = was;
	}
	expect(ask(auth, text), AUTH_NONE, "unchanged");
	auth_close(auth);
}

static void base64_has_one_spelling(void **state)
{
	static const char *const tails[] = { "=", "==", "A", "AA", " ", "\n", ".", "%3D", "+" };
	struct auth *auth = open_hs();
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		snprintf(text, sizeof text, "%s%s", forge(&hs, HS256, CLAIMS), tails[i]);
		if (ask(auth, text) == AUTH_NONE)
			fail_msg("'%s' behind a token", tails[i]);
	}
	auth_close(auth);
}

static void a_stripped_signature_is_none(void **state)
{
	struct auth *auth = open_hs();
	char *text = forge(&hs, HS256, CLAIMS), *dot = strrchr(text, '.');

	(void)state;
	for (char *end = text + strlen(text) - 1; end > dot; end--) {
		*end = '\0';
		if (ask(auth, text) == AUTH_NONE)
			fail_msg("%zu characters of a signature are enough", strlen(dot + 1));
	}
	expect(ask(auth, text), AUTH_SIGNATURE, "empty signature");
	*dot = '\0';
	expect(ask(auth, text), AUTH_MALFORMED, "no signature");
	auth_close(auth);
}

/* ---- Header ------------------------------------------------------------- */

static void headers_choose_nothing(void **state)
{
	static const struct {
		const char *header;
		enum auth_failure failure;
	} cases[] = {
		{ "{\"alg\":\"HS256\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",\"typ\":7}", AUTH_MALFORMED },
		{ "{\"typ\":\"JWT\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"none\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"None\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"NONE\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"hs256\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"HS512\"}", AUTH_ALGORITHM },
		{ "{\"alg\":\"RS256\"}", AUTH_ALGORITHM },
		{ "{\"alg\":[\"HS256\"]}", AUTH_ALGORITHM },
		{ "{\"alg\":null}", AUTH_ALGORITHM },
		{ "{\"alg\":0}", AUTH_ALGORITHM },
		{ "{\"alg\":\"none\",\"alg\":\"HS256\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",\"alg\":\"none\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\\u0000\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\"} ", AUTH_NONE },
		{ "{\"alg\":\"HS256\"}x", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",\"crit\":[\"urn:x\"],\"urn:x\":1}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":true}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":[]}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":\"\"}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":null}", AUTH_CRITICAL },
		{ "{\"alg\":\"HS256\",\"cty\":\"JWT\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",\"cty\":\"application/json\"}", AUTH_MALFORMED },
		{ "{\"alg\":\"HS256\",\"kid\":\"../../../../dev/null\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"kid\":\"' or 1=1; --\"}", AUTH_NONE },
		{ "{\"alg\":\"HS256\",\"kid\":{}}", AUTH_MALFORMED },
		{ "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", AUTH_ALGORITHM },
	};
	struct auth *auth = open_hs();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(ask(auth, forge(&hs, cases[i].header, CLAIMS)), cases[i].failure,
		       cases[i].header);
	auth_close(auth);
}

/* kid as a path: signed with what /dev/null holds, or with our very key file's name. */
static void a_kid_names_no_file(void **state)
{
	struct forge_key empty = forge_key_secret("", 0);
	struct auth *auth = open_hs();
	char header[4200];

	(void)state;
	expect(ask(auth, forge(&empty, "{\"alg\":\"HS256\",\"kid\":\"/dev/null\"}", CLAIMS)),
	       AUTH_SIGNATURE, "/dev/null");
	forge_write(forge_path("other"), "another secret that the attacker knows well", 43, 0600);
	empty = forge_key_secret("another secret that the attacker knows well", 43);
	snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", forge_path("other"));
	expect(ask(auth, forge(&empty, header, CLAIMS)), AUTH_SIGNATURE, "a file");
	auth_close(auth);
}

static int listen_somewhere(unsigned *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = HARNESS_MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	HARNESS_MUST(bind(fd, (struct sockaddr *)&address, size));
	HARNESS_MUST(listen(fd, 8));
	HARNESS_MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* Keys of the header's choice are not fetched, and not used where they are at hand. */
static void keys_that_a_token_brings_are_ignored(void **state)
{
	static const char *const names[] = { "jku", "x5u" };
	struct forge_key other = forge_key_secret("0123456789012345678901234567890123", 34);
	struct auth *auth = open_hs();
	char header[512];
	unsigned port;
	int fd = listen_somewhere(&port);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(header, sizeof header,
			 "{\"alg\":\"HS256\",\"%s\":\"http://127.0.0.1:%u/keys\"}", names[i], port);
		expect(ask(auth, forge(&hs, header, CLAIMS)), AUTH_NONE, names[i]);
		expect(ask(auth, forge(&other, header, CLAIMS)), AUTH_SIGNATURE, names[i]);
	}
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	expect(ask(auth, forge(&other,
			       "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\","
			       "\"k\":\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw\"}}",
			       CLAIMS)),
	       AUTH_SIGNATURE, "jwk");
	auth_close(auth);
}

/* ---- Claims ------------------------------------------------------------- */

static void claims_are_what_they_must_be(void **state)
{
	static const struct {
		const char *claims;
		enum auth_failure failure;
	} cases[] = {
		{ CLAIMS, AUTH_NONE },
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
		{ "", AUTH_MALFORMED },
		{ "[]", AUTH_MALFORMED },
		{ "\"ada\"", AUTH_MALFORMED },
		{ CLAIMS CLAIMS, AUTH_MALFORMED },
	};
	struct auth *auth = open_hs();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(ask(auth, forge(&hs, HS256, cases[i].claims)), cases[i].failure,
		       cases[i].claims);
	auth_close(auth);
}

/* The log says which sub it was, in one line, and not for each of a flood. */
static void a_refused_sub_is_in_the_log_escaped(void **state)
{
	char *path = strdup(forge_path("log"));
	struct auth *auth = open_hs();
	struct identity identity;
	const char *log, *claims = SUB("\"a\\nb\\u001b\\u0085\\u00e4\"");
	int before;

	(void)state;
	before = forge_log_begin(path);
	for (int i = 0; i < 20; i++) /* ten minutes after all other tests */
		expect(ask_at(auth, forge(&hs, HS256, claims), FORGE_NOW + 600 + i / 2, &identity),
		       AUTH_SUBJECT, "controls");
	log = forge_log_end(path, before);
	assert_non_null(strstr(log, " sub, \"a\\nb\\u001B\\u0085\\u00E4\": "));
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1);
	auth_close(auth);
	free(path);
}

static void a_nul_in_the_payload_ends_nothing(void **state)
{
	static const char claims[] = CLAIMS "\0{\"sub\":\"eve\"}";
	struct auth *auth = open_hs();

	(void)state;
	expect(ask(auth, forge_bytes(&hs, HS256, claims, sizeof claims - 1)), AUTH_MALFORMED,
	       "NUL");
	auth_close(auth);
}

/* A token within a token, whose wrapping anybody with a token of his own could have made. */
static void nested_tokens_are_refused(void **state)
{
	struct auth *auth = open_hs();
	char inner[4096];

	(void)state;
	snprintf(inner, sizeof inner, "%s", forge(&hs, HS256, CLAIMS) + 7);
	expect(ask(auth, forge(&hs, HS256, inner)), AUTH_MALFORMED, "nested");
	auth_close(auth);
}

static void issuer_and_audience_are_checked_if_configured(void **state)
{
	static const struct {
		const char *claims;
		enum auth_failure failure;
	} cases[] = {
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
	struct auth_config config = config_of(FORGE_SECRET, sizeof FORGE_SECRET - 1);
	struct auth *auth;
	char claims[512];

	(void)state;
	snprintf(config.issuer, sizeof config.issuer, "us");
	snprintf(config.audience, sizeof config.audience, "trackd");
	auth = open_config(&config);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(claims, sizeof claims, "{\"sub\":\"ada\",\"exp\":1700003600,%s}",
			 cases[i].claims);
		expect(ask(auth, forge(&hs, HS256, claims)), cases[i].failure, claims);
	}
	auth_close(auth);
}

static void the_identity_is_what_the_token_says(void **state)
{
	struct auth *auth = open_hs();
	struct identity identity;

	(void)state;
	for (int round = 0; round < 2; round++) { /* verified, then remembered */
		expect(ask_at(auth, forge(&hs, HS256, SUB("\"J\\u00f6rg\"")), FORGE_NOW, &identity),
		       AUTH_NONE, "good");
		assert_string_equal(identity.owner, "J\xc3\xb6rg");
		assert_int_equal(identity.expires, 1700003600 + AUTH_LEEWAY_S);
	}
	auth_close(auth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(the_scheme_is_known_by_any_case),
		cmocka_unit_test(a_token_has_at_most_8_kib),
		cmocka_unit_test(no_character_can_be_changed),
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(a_stripped_signature_is_none),
		cmocka_unit_test(headers_choose_nothing),
		cmocka_unit_test(a_kid_names_no_file),
		cmocka_unit_test(keys_that_a_token_brings_are_ignored),
		cmocka_unit_test(claims_are_what_they_must_be),
		cmocka_unit_test(a_refused_sub_is_in_the_log_escaped),
		cmocka_unit_test(a_nul_in_the_payload_ends_nothing),
		cmocka_unit_test(nested_tokens_are_refused),
		cmocka_unit_test(issuer_and_audience_are_checked_if_configured),
		cmocka_unit_test(the_identity_is_what_the_token_says),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
