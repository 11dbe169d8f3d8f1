/* SPDX-License-Identifier: MIT */
/* The name under which an address is counted, and that a charge is released, even if the
 * configuration was reloaded in between. */
#include "tests/harness/suite.h"
#include "tools/trackd-http/server/limits.h"
#include <stdio.h>
#include <string.h>

static struct config config_of(uint32_t streams)
{
	return (struct config){ .trusted = "127.0.0.1 10.0.0.0/8 2001:db8:1::/48 local",
				.address_burst = 1,
				.owner_burst = 1,
				.address_streams = streams,
				.owner_streams = streams };
}

static void names(void **state)
{
	static const struct {
		const char *peer, *forwarded, *name;
	} rows[] = {
		{ "192.0.2.1", NULL, "192.0.2.1" },
		{ "192.0.2.1", "198.51.100.1", "192.0.2.1" },
		{ "local", NULL, "local" },
		{ "unknown", NULL, "unknown" },
		{ "fe80::1%eth0", NULL, "fe80::1%eth0" },
		{ "::ffff:192.0.2.1", NULL, "192.0.2.1" },
		{ "::ffff:c000:201", NULL, "192.0.2.1" },
		{ "2001:db8:0:1:2:3:4:5", NULL, "2001:db8:0:1::/64" },
		{ "2001:db8:0:1:ffff::", NULL, "2001:db8:0:1::/64" },
		{ "2001:db8:0:2::1", NULL, "2001:db8:0:2::/64" },
		{ "::1", NULL, "::/64" },
		{ "127.0.0.1", "198.51.100.1, 10.1.1.1", "198.51.100.1" },
		{ "::ffff:127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1" },
		{ "local", "2001:DB8:2:0:0:0:0:9", "2001:db8:2::/64" },
		/* A network that is trusted is so by whole addresses. */
		{ "2001:db8:1::5", "198.51.100.1,2001:db8:1:9::7", "198.51.100.1" },
		{ "127.0.0.1", ",198.51.100.1,,10.0.0.1", "198.51.100.1" },
		{ "127.0.0.1", "198.51.100.1, nonsense", "127.0.0.1" },
	};
	struct config config = config_of(0);
	struct limits *limits;
	char name[64];

	(void)state;
	assert_int_equal(limits_new(&config, &limits), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		limits_address(limits, rows[i].peer, rows[i].forwarded, name);
		assert_string_equal(name, rows[i].name);
	}
	limits_free(limits);
}

/* How many more streams there may be. */
static unsigned room(struct limits *limits, const char *address, const char *owner)
{
	struct limits_charge charges[16];
	unsigned n = 0;

	while (n < 16 && limits_stream_enter(limits, address, owner, &charges[n]))
		n++;
	for (unsigned i = 0; i < n; i++)
		limits_stream_leave(&charges[i]);
	return n;
}

/* The limits of streams when two come, when they go, and afterwards. */
static void streams_through_reloads(void **state)
{
	static const uint32_t limits_of[][2] = { { 4, 0 }, { 0, 4 }, { 4, 4 }, { 4, 1 }, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof limits_of / sizeof limits_of[0]; i++) {
		struct config config = config_of(limits_of[i][0]), later = config_of(4);
		struct limits *limits;
		struct limits_charge one, other;

		assert_int_equal(limits_new(&config, &limits), 0);
		assert_true(limits_stream_enter(limits, "192.0.2.1", "ada", &one));
		assert_true(limits_stream_enter(limits, "192.0.2.1", "eve", &other));
		config = later;
		assert_int_equal(room(limits, "192.0.2.1", "bob"), 2);
		assert_int_equal(room(limits, "192.0.2.9", "ada"), 3);
		config = config_of(limits_of[i][1]);
		limits_stream_leave(&one);
		limits_stream_leave(&one);
		config = later;
		assert_int_equal(room(limits, "192.0.2.1", "bob"), 3);
		assert_int_equal(room(limits, "192.0.2.9", "ada"), 4);
		limits_stream_leave(&other);
		assert_int_equal(room(limits, "192.0.2.1", "eve"), 4);
		limits_free(limits);
	}
}

/* A stream that was turned away for its owner's sake is not charged to its address. */
static void turned_away(void **state)
{
	struct config config = config_of(1);
	struct limits *limits;
	struct limits_charge one, other;

	(void)state;
	assert_int_equal(limits_new(&config, &limits), 0);
	assert_true(limits_stream_enter(limits, "192.0.2.1", "ada", &one));
	assert_false(limits_stream_enter(limits, "192.0.2.2", "ada", &other));
	assert_int_equal(room(limits, "192.0.2.2", "eve"), 1);
	limits_stream_leave(&one);
	limits_free(limits);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names),
	cmocka_unit_test(streams_through_reloads),
	cmocka_unit_test(turned_away),
};

SUITE(tests)
