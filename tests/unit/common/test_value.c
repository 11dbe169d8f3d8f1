/* SPDX-License-Identifier: MIT */
/* Numbers, sizes and durations as users write them: parsed completely, or refused. */
#include "tests/harness/suite.h"
#include "tools/common/value.h"
#include <errno.h>
#include <stdint.h>

enum { REFUSED = -1 };

struct value_case {
	const char *text;
	int64_t value;
};

#define CHECK(cases, call)                                                                         \
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases)[0]; i++) {                            \
		const char *text = (cases)[i].text;                                                \
		uint64_t n = 7;                                                                    \
		int error = call;                                                                  \
		if ((error == 0) != ((cases)[i].value != REFUSED) ||                               \
		    n != (error == 0 ? (uint64_t)(cases)[i].value : 7))                            \
			fail_msg("\"%s\" gave %d and %llu", text, error, (unsigned long long)n);   \
	}

static void numbers_are_whole_and_keep_their_bounds(void **state)
{
	static const struct value_case small[] = {
		{ "16", 16 },       { "100", 100 },     { "0016", 16 },     { "15", REFUSED },
		{ "101", REFUSED }, { "", REFUSED },    { "-17", REFUSED }, { "+17", REFUSED },
		{ " 17", REFUSED }, { "17 ", REFUSED }, { "17K", REFUSED }, { "0x20", REFUSED },
		{ "1e1", REFUSED },
	};
	uint64_t number = 7;

	(void)state;
	CHECK(small, value_number(text, 16, 100, &n));
	assert_int_equal(value_number("18446744073709551615", 0, UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(value_number("18446744073709551616", 0, UINT64_MAX, &number), -EINVAL);
	assert_int_equal(value_number("99999999999999999999", 0, UINT64_MAX, &number), -EINVAL);
	assert_true(number == UINT64_MAX);
}

static void counts_have_units(void **state)
{
	static const struct value_case cases[] = {
		{ "16", 16 },
		{ "2K", 2048 },
		{ "2k", 2048 },
		{ "16M", 16777216 },
		{ "16m", 16777216 },
		{ "17M", REFUSED },
		{ "15", REFUSED },
		{ "2KB", REFUSED },
		{ "1G", REFUSED },
		{ "K", REFUSED },
		{ "18446744073709551632", REFUSED },
		{ "18014398509481985K", REFUSED },
	};

	(void)state;
	CHECK(cases, value_count(text, 16, 16777216, &n));
}

static void sizes_have_a_unit_always(void **state)
{
	static const struct value_case cases[] = {
		{ "64M", 64 },         { "1G", 1024 },     { "1024G", 1 << 20 },
		{ "64", REFUSED },     { "63M", REFUSED }, { "1T", REFUSED },
		{ "65536K", REFUSED }, { "", REFUSED },    { "M", REFUSED },
	};

	(void)state;
	CHECK(cases, value_mebibytes(text, 64, 1 << 20, &n));
}

static void durations_are_understood_or_refused(void **state)
{
	static const struct value_case cases[] = {
		{ "2", 2000 },
		{ "0.5", 500 },
		{ ".25s", 250 },
		{ "0.0004", 0 },
		{ "1.2345678901234567890s", 1234 },
		{ "90s", 90000 },
		{ "3m", 180000 },
		{ "3min", 180000 },
		{ "1.5h", 5400000 },
		{ "1d", 86400000 },
		{ "15ms", 15 },
		{ "0", 0 },
		{ "100d", 8640000000 },
		{ "101d", REFUSED },
		{ "", REFUSED },
		{ "soon", REFUSED },
		{ "-1", REFUSED },
		{ "+1", REFUSED },
		{ "1 s", REFUSED },
		{ "1x", REFUSED },
		{ "1hh", REFUSED },
		{ "h", REFUSED },
		{ ".", REFUSED },
		{ "1.", REFUSED },
		{ ".h", REFUSED },
		{ "1.2.3", REFUSED },
		{ "never", REFUSED },
		{ "1e400", REFUSED },
		{ "0x10", REFUSED },
		{ "inf", REFUSED },
		{ "nan", REFUSED },
		{ "99999999999999999999999s", REFUSED },
		{ "18446744073709552s", REFUSED },
	};

	(void)state;
	CHECK(cases, value_duration(text, 0, UINT64_C(8640000000), &n));
	uint64_t ms = 7;
	assert_int_equal(value_duration("9ms", 10, 20, &ms), -EINVAL);
	assert_int_equal(value_duration("0", 1, 20, &ms), -EINVAL);
	assert_int_equal(ms, 7);
}

static void lifetimes_may_be_endless(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms; /* 0: refused */
	} cases[] = {
		{ "500ms", 500 },
		{ "90", 90000 },
		{ "7d", 604800000 },
		{ "49d", 4233600000u },
		{ "never", UINT32_MAX },
		{ "4294967294ms", UINT32_MAX - 1 },
		{ "4294967295ms", 0 },
		{ "50d", 0 },
		{ "0", 0 },
		{ "0.0001", 0 },
		{ "Never", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t ms = 0;
		int error = value_lifetime(cases[i].text, &ms);

		if (ms != cases[i].ms || (error < 0) != (cases[i].ms == 0))
			fail_msg("\"%s\" gave %d and %u ms", cases[i].text, error, ms);
	}
}

static void modes_are_octal_and_sane(void **state)
{
	static const char *const wrong[] = { "0060", "0770", "4660", "0689", "66", "", "00660" };
	mode_t mode = 0;

	(void)state;
	assert_int_equal(value_mode("0660", &mode), 0);
	assert_int_equal(mode, 0660);
	assert_int_equal(value_mode("664", &mode), 0);
	assert_int_equal(mode, 0664);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(value_mode(wrong[i], &mode), -EINVAL);
	assert_int_equal(mode, 0664);
}

static void yes_and_no_have_their_words(void **state)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };
	bool yes = false;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		assert_int_equal(value_yes(words[i], &yes), 0);
		assert_int_equal(yes, i % 2);
	}
	assert_int_equal(value_yes("maybe", &yes), -EINVAL);
	assert_int_equal(value_yes("", &yes), -EINVAL);
	assert_true(yes);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(numbers_are_whole_and_keep_their_bounds),
	cmocka_unit_test(counts_have_units),
	cmocka_unit_test(sizes_have_a_unit_always),
	cmocka_unit_test(durations_are_understood_or_refused),
	cmocka_unit_test(lifetimes_may_be_endless),
	cmocka_unit_test(modes_are_octal_and_sane),
	cmocka_unit_test(yes_and_no_have_their_words),
};

SUITE(tests)
