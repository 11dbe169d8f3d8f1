/* SPDX-License-Identifier: MIT */
/* Which tokens are accepted: those signed with the configured key, for its algorithm; whatever the
 * token's header says. */
#include "tests/unit/trackd-http/admission.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

static const char *as_it_is(const char *text)
{
	return text;
}

static const char *with_header(const char *header)
{
	return forge(&hs, header, CLAIMS);
}

/* ---- Shape -------------------------------------------------------------- */

static const struct verdict no_tokens[] = {
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

static void what_is_no_token_is_refused(void **state)
{
	EXPECT_VERDICTS(*state, no_tokens, as_it_is);
}

static void the_scheme_is_known_by_any_case(void **state)
{
	static const char *const schemes[] = { "bearer ", "BEARER ", "Bearer   " };
	struct auth *auth = *state;
	char text[4096];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "%s%s", schemes[i], forge(&hs, HS256, CLAIMS) + 7);
		expect(ask(auth, text), AUTH_NONE, schemes[i]);
	}
}

static void a_token_has_at_most_8_kib(void **state)
{
	struct auth *auth = *state;
	bool exact = false, beyond = false;
	char claims[8192];

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
}

/* Each byte of a token changed, one at a time, to each other character: nothing verifies. The last
 * character of a part has bits left over, which must not give a token a second spelling. */
static void no_character_can_be_changed(void **state)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-_=+/. \t";
	struct auth *auth = *state;
	char *text = forge(&hs, HS256, CLAIMS);
	size_t length = strlen(text);

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
}

static void base64_has_one_spelling(void **state)
{
	static const char *const tails[] = { "=", "==", "A", "AA", " ", "\n", ".", "%3D", "+" };
	struct auth *auth = *state;
	char text[4096];

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		snprintf(text, sizeof text, "%s%s", forge(&hs, HS256, CLAIMS), tails[i]);
		if (ask(auth, text) == AUTH_NONE)
			fail_msg("'%s' behind a token", tails[i]);
	}
}

static void a_stripped_signature_is_none(void **state)
{
	struct auth *auth = *state;
	char *text = forge(&hs, HS256, CLAIMS), *dot = strrchr(text, '.');

	for (char *end = text + strlen(text) - 1; end > dot; end--) {
		*end = '\0';
		if (ask(auth, text) == AUTH_NONE)
			fail_msg("%zu characters of a signature are enough", strlen(dot + 1));
	}
	expect(ask(auth, text), AUTH_SIGNATURE, "empty signature");
	*dot = '\0';
	expect(ask(auth, text), AUTH_MALFORMED, "no signature");
}

/* ---- Header ------------------------------------------------------------- */

static const struct verdict headers[] = {
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

static void headers_choose_nothing(void **state)
{
	EXPECT_VERDICTS(*state, headers, with_header);
}

/* kid as a path: signed with what /dev/null holds, or with our very key file's name. */
static void a_kid_names_no_file(void **state)
{
	struct forge_key empty = forge_key_secret("", 0);
	struct auth *auth = *state;
	char header[4200];

	expect(ask(auth, forge(&empty, "{\"alg\":\"HS256\",\"kid\":\"/dev/null\"}", CLAIMS)),
	       AUTH_SIGNATURE, "/dev/null");
	forge_write(forge_path("other"), "another secret that the attacker knows well", 43, 0600);
	empty = forge_key_secret("another secret that the attacker knows well", 43);
	snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", forge_path("other"));
	expect(ask(auth, forge(&empty, header, CLAIMS)), AUTH_SIGNATURE, "a file");
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
	struct auth *auth = *state;
	char header[512];
	unsigned port;
	int fd = listen_somewhere(&port);

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
}

static const struct CMUnitTest tests[] = {
	ADMISSION(what_is_no_token_is_refused),
	ADMISSION(the_scheme_is_known_by_any_case),
	ADMISSION(a_token_has_at_most_8_kib),
	ADMISSION(no_character_can_be_changed),
	ADMISSION(base64_has_one_spelling),
	ADMISSION(a_stripped_signature_is_none),
	ADMISSION(headers_choose_nothing),
	ADMISSION(a_kid_names_no_file),
	ADMISSION(keys_that_a_token_brings_are_ignored),
};

SUITE(tests)
