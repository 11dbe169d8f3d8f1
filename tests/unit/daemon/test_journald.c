/* SPDX-License-Identifier: MIT */
/* The journal's own protocol: how fields are put into an entry. That entries arrive is tried by
 * tests/e2e/board/unread.py and tests/systemd/units.sh. */
#include "daemon/journal/journald.h"
#include "tests/harness/suite.h"
#include <string.h>

static struct journald_entry entry;

static int empty(void **state)
{
	(void)state;
	entry.used = 0;
	return 0;
}

static void expect(const char *bytes, size_t n)
{
	assert_int_equal(entry.used, n);
	assert_memory_equal(entry.bytes, bytes, n);
}

static void a_field_is_a_line(void **state)
{
	static const char expected[] = "MESSAGE=task a=b is done\nPRIORITY=6\nTRACKD_OWNER=\n";

	(void)state;
	journald_field(&entry, "MESSAGE", "task %s is %s", "a=b", "done");
	journald_field(&entry, "PRIORITY", "%d", 6);
	journald_field(&entry, "TRACKD_OWNER", "%s", "");
	expect(expected, sizeof expected - 1);
}

/* Otherwise a message "x\nPRIORITY=0" would set a priority. */
static void a_value_with_newlines_stays_one_value(void **state)
{
	static const char expected[] =
		"TRACKD_ERROR\n\x0e\0\0\0\0\0\0\0no\nPRIORITY=0\n\nPRIORITY=3\n";

	(void)state;
	journald_field(&entry, "TRACKD_ERROR", "%s", "no\nPRIORITY=0\n");
	journald_field(&entry, "PRIORITY", "%d", 3);
	expect(expected, sizeof expected - 1);
}

static void fields_that_do_not_fit_are_left_out_completely(void **state)
{
	char text[4000];
	size_t before;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 10; i++)
		journald_field(&entry, "MESSAGE", "%s", text);
	assert_true(entry.used <= sizeof entry.bytes);
	assert_int_equal(entry.bytes[entry.used - 1], '\n');
	before = entry.used;
	journald_field(&entry, "MESSAGE", "%s", text);
	assert_int_equal(entry.used, before);
	journald_field(&entry, "PRIORITY", "%d", 6);
	assert_int_equal(entry.used, before + strlen("PRIORITY=6\n"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(a_field_is_a_line, empty),
	cmocka_unit_test_setup(a_value_with_newlines_stays_one_value, empty),
	cmocka_unit_test_setup(fields_that_do_not_fit_are_left_out_completely, empty),
};

SUITE(tests)
