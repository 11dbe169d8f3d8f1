/* SPDX-License-Identifier: MIT */
/* Origins are configured in the form that browsers send, and compared byte by byte: similar origins
 * are not allowed. */
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include "tools/trackd-http/config/origins.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

static void as_browsers_write_them(void **state)
{
	static const char *const good[] = {
		"",
		"https://app.example.org",
		"http://localhost:3000",
		"https://a.example, http://b.example:8080\thttp://[::1]:81 ",
		"http://127.0.0.1:65535",
		"https://xn--lwe-sna.example:80",
	};
	static const char *const bad[] = {
		"*",
		"null",
		"https://*.example.org",
		"app.example.org",
		"https://app.example.org/",
		"https://app.example.org/page",
		"https://App.example.org",
		"HTTPS://app.example.org",
		"https://user@app.example.org",
		"https://app.example.org:443",
		"http://app.example.org:80",
		"http://app.example.org:",
		"http://app.example.org:080",
		"http://app.example.org:65536",
		"http://app.example.org:8x",
		"http://a:1:2",
		"https://",
		"https://:8080",
		"http://[::1",
		"http://[0:0::1]",
		"http://[]",
		"http://[::1]x:80",
		"file:///home",
		"https://l\303\266we.example",
		"https://good.example https://bad.example/",
	};
	(void)state;

	for (size_t i = 0; i < N(good); i++)
		if (!origins_valid(good[i]))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < N(bad); i++)
		if (origins_valid(bad[i]))
			fail_msg("%s is taken", bad[i]);
}

static void only_the_same_is_allowed(void **state)
{
	static const char list[] = "https://app.example.org,http://localhost:3000 http://[::1]:81";
	static const char *const others[] = {
		"",
		"null",
		"*",
		"https://app.example.org:443",
		"https://app.example.org.evil.example",
		"https://app.example.or",
		"https://evil.example/https://app.example.org",
		"http://app.example.org",
		"https://APP.example.org",
		"http://localhost",
		"http://localhost:30000",
		"https://app.example.org,http://localhost:3000",
	};
	(void)state;

	assert_true(origins_allow(list, "https://app.example.org"));
	assert_true(origins_allow(list, "http://localhost:3000"));
	assert_true(origins_allow(list, "http://[::1]:81"));
	for (size_t i = 0; i < N(others); i++)
		if (origins_allow(list, others[i]))
			fail_msg("%s is allowed", others[i]);
	assert_false(origins_allow("", ""));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(as_browsers_write_them),
	cmocka_unit_test(only_the_same_is_allowed),
};

SUITE(tests)
