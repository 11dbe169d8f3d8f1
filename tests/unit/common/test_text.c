/* SPDX-License-Identifier: MIT */
/* Text for users: every byte from a board is checked before it reaches a terminal; times,
 * durations, rates and outcomes are right at their limits. */
#include "tests/harness/suite.h"
#include "tools/common/exit_code.h"
#include "tools/common/printable.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd"
#define SECOND UINT64_C(1000000000)

/* U+202E and U+2066, spelt so that no tool takes this file for a forgery. */
static const char right_to_left[] = { (char)0xe2, (char)0x80, (char)0xae, 0 };
static const char isolate[] = { (char)0xe2, (char)0x81, (char)0xa6, 0 };

/* ---- printable --------------------------------------------------------- */

static void printable_replaces_what_could_do_harm(void **state)
{
	static const struct {
		const char *raw, *line, *text;
	} cases[] = {
		{ "", "", "" },
		{ "plain", "plain", "plain" },
		{ "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80", "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80",
		  "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80" },
		{ "a\tb\nc\rd", "a b c d", "a\tb\nc d" },
		{ "\033[31mred", REPLACED "[31mred", REPLACED "[31mred" },
		{ "\a\x7f", REPLACED REPLACED, REPLACED REPLACED },
		{ "\xc2\x9b"
		  "2J",
		  REPLACED "2J", REPLACED "2J" },                     /* CSI as C1 */
		{ right_to_left, REPLACED, REPLACED },                /* right-to-left override */
		{ isolate, REPLACED, REPLACED },                      /* isolate */
		{ "\xef\xbb\xbf", REPLACED, REPLACED },               /* byte order mark */
		{ "\xff\xfe", REPLACED REPLACED, REPLACED REPLACED }, /* never in UTF-8 */
		{ "\xc0\xaf", REPLACED REPLACED, REPLACED REPLACED }, /* overlong */
		{ "\xed\xa0\x80", REPLACED REPLACED REPLACED,
		  REPLACED REPLACED REPLACED }, /* surrogate */
		{ "\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED,
		  REPLACED REPLACED REPLACED REPLACED },              /* too high */
		{ "\xe6\x97", REPLACED REPLACED, REPLACED REPLACED }, /* cut */
		{ "\xe6\x97x", REPLACED REPLACED "x", REPLACED REPLACED "x" },
	};
	char to[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(printable_line(to, sizeof to, cases[i].raw),
				 strlen(cases[i].line));
		assert_string_equal(to, cases[i].line);
		assert_int_equal(printable_text(to, sizeof to, cases[i].raw),
				 strlen(cases[i].text));
		assert_string_equal(to, cases[i].text);
	}
}

static void printable_cuts_between_characters(void **state)
{
	char to[6];

	(void)state;
	assert_int_equal(printable_line(to, 5, "\xe6\x97\xa5\xe6\x9c\xac"), 3);
	assert_string_equal(to, "\xe6\x97\xa5");
	assert_int_equal(printable_line(to, 3, "\xff\xff"), 0);
	assert_string_equal(to, "");
	assert_int_equal(printable_line(to, 1, "abc"), 0);
	assert_string_equal(to, "");
}

/* All single bytes and all pairs: what comes out is UTF-8 without controls, and fits its room. */
static void printable_holds_for_all_pairs_of_bytes(void **state)
{
	char raw[3] = "", once[PRINTABLE_ROOM(2)], twice[PRINTABLE_ROOM(2)];

	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			raw[0] = (char)a;
			raw[1] = (char)b;
			size_t length = printable_line(once, sizeof once, raw);
			assert_int_equal(length, strlen(once));
			for (size_t i = 0; i < length; i++)
				assert_true((unsigned char)once[i] >= ' ' && once[i] != 0x7f);
			/* Printable text is not changed. */
			printable_line(twice, sizeof twice, once);
			assert_string_equal(once, twice);
		}
	}
}

/* ---- moment ------------------------------------------------------------ */

static void times_are_rfc_3339(void **state)
{
	char text[MOMENT_TEXT];

	(void)state;
	time_format_rfc3339(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	time_format_rfc3339(text, UINT64_C(1764000131250999999));
	assert_string_equal(text, "2025-11-24T16:02:11.250Z");
	time_format_rfc3339(text, UINT64_C(1709164800000000000));
	assert_string_equal(text, "2024-02-29T00:00:00.000Z");
	time_format_rfc3339(text, UINT64_MAX);
	assert_string_equal(text, "2554-07-21T23:34:33.709Z");
}

static void local_times_have_a_date_on_other_days(void **state)
{
	char text[MOMENT_TEXT];
	uint64_t noon = UINT64_C(1764000131) * SECOND;

	(void)state;
	time_format_local(text, noon, noon + 60 * SECOND);
	assert_string_equal(text, "16:02:11");
	time_format_local(text, noon, noon + 86400 * SECOND);
	assert_string_equal(text, "2025-11-24 16:02:11");
}

static void durations_are_cut_not_rounded(void **state)
{
	static const struct {
		uint64_t ns;
		const char *duration, *rough, *brief;
	} cases[] = {
		{ 0, "0.0 s", "0.0 s", "0.0s" },
		{ 99999999, "0.0 s", "0.0 s", "0.0s" },
		{ 100000000, "0.1 s", "0.1 s", "0.1s" },
		{ 9 * SECOND + 999999999, "9.9 s", "9.9 s", "9.9s" },
		{ 59 * SECOND + 999999999, "59.9 s", "59 s", "59s" },
		{ 60 * SECOND, "1 min 00 s", "1 min 00 s", "1m00s" },
		{ 3599 * SECOND, "59 min 59 s", "59 min 59 s", "59m59s" },
		{ 3600 * SECOND, "1 h 00 min", "1 h 00 min", "1h00m" },
		{ 86399 * SECOND, "23 h 59 min", "23 h 59 min", "23h59m" },
		{ 86400 * SECOND, "1 d 0 h", "1 d 0 h", "1d0h" },
		{ UINT64_MAX, "213503 d 23 h", "213503 d 23 h", "213503d23h" },
	};
	char text[MOMENT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		time_format_duration(text, cases[i].ns);
		assert_string_equal(text, cases[i].duration);
		time_format_rough(text, cases[i].ns);
		assert_string_equal(text, cases[i].rough);
		time_format_short(text, cases[i].ns);
		assert_string_equal(text, cases[i].brief);
	}
	assert_int_equal(time_between(5, 3), 0);
	assert_int_equal(time_between(3, 5), 2);
}

static struct trackd_task embedding(void)
{
	struct trackd_task task = {
		.state = TRACKD_ACTIVE, .stage = 1, .n_stages = 3, .started_ns = 100 * SECOND
	};

	task.stages[0] = (struct trackd_stage){ .percent = 10 };
	task.stages[1] = (struct trackd_stage){ .percent = 40, .started_ns = 110 * SECOND };
	task.stages[2] = (struct trackd_stage){ .percent = 70 };
	task.done = 50;
	task.total = 100;
	return task;
}

static void rates_and_estimates(void **state)
{
	struct trackd_task task = embedding();

	(void)state;
	/* 50 units in 10 s. */
	assert_true(time_rate(&task, 120 * SECOND) == 5);
	/* From 10 % to 55 % in 20 s: another 45 % take another 20 s. */
	uint64_t left = time_left(&task, 120 * SECOND);
	assert_in_range(left, 20 * SECOND - 10, 20 * SECOND + 10);
	/* Nothing to go by. */
	assert_true(time_rate(&task, 110 * SECOND) == 0);
	task.total = 0;
	assert_int_equal(time_left(&task, 120 * SECOND), 0);
	task = embedding();
	task.done = 0;
	assert_int_equal(time_left(&task, 120 * SECOND), 0);
	assert_true(time_rate(&task, 120 * SECOND) == 0);
	task = embedding();
	task.state = TRACKD_COMPLETED;
	assert_int_equal(time_left(&task, 120 * SECOND), 0);
	/* More done than there was, and garbage, are survived. */
	task = embedding();
	task.done = UINT64_MAX;
	assert_true(time_left(&task, 120 * SECOND) > 0);
	task.stage = 127;
	task.n_stages = 255;
	assert_int_equal(time_left(&task, 120 * SECOND), 0);
}

/* ---- exit codes -------------------------------------------------------- */

static void errors_have_their_statuses(void **state)
{
	static const struct {
		int error, status;
	} cases[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ TRACKD_E_NOT_FOUND, 3 },
		{ TRACKD_E_GONE, 3 },
		{ TRACKD_E_EXISTS, 4 },
		{ TRACKD_E_FINAL, 4 },
		{ TRACKD_E_NO_BOARD, 69 },
		{ TRACKD_E_NOT_OURS, 69 },
		{ TRACKD_E_LAYOUT, 69 },
		{ TRACKD_E_DAMAGED, 70 },
		{ TRACKD_E_FULL, 75 },
		{ TRACKD_E_BUSY, 75 },
		{ TRACKD_E_TABLE_FULL, 75 },
		{ -ENOMEM, 75 },
		{ -EACCES, 77 },
		{ TRACKD_E_NAMESPACE, 77 },
		{ TRACKD_E_READ_ONLY, 77 },
		{ TRACKD_E_KEY, 2 },
		{ TRACKD_E_KIND, 2 },
		{ TRACKD_E_STAGE, 2 },
		{ TRACKD_E_OVERFLOW, 2 },
		{ -ETIMEDOUT, 124 },
		{ -EINTR, 130 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(exit_code_of_error(cases[i].error), cases[i].status);
}

static void errors_of_the_system_have_theirs(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of_system(-EPERM, EXIT_CODE_STORAGE), 77);
	assert_int_equal(exit_code_of_system(-EACCES, EXIT_CODE_STORAGE), 77);
	assert_int_equal(exit_code_of_system(-EMFILE, EXIT_CODE_STORAGE), 71);
	assert_int_equal(exit_code_of_system(-ENOMEM, EXIT_CODE_NO_BOARD), 71);
	assert_int_equal(exit_code_of_system(-EIO, EXIT_CODE_STORAGE), 74);
	assert_int_equal(exit_code_of_system(-ENOSPC, EXIT_CODE_NO_BOARD), 69);
}

static void outcomes_have_their_statuses(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of_end(TRACKD_ACTIVE, TRACKD_REASON_NONE), 0);
	assert_int_equal(exit_code_of_end(TRACKD_COMPLETED, TRACKD_REASON_NONE), 0);
	assert_int_equal(exit_code_of_end(TRACKD_FAILED, TRACKD_REASON_ERROR), 1);
	assert_int_equal(exit_code_of_end(TRACKD_FAILED, TRACKD_REASON_HOST_RESTART), 1);
	assert_int_equal(exit_code_of_end(TRACKD_FAILED, TRACKD_REASON_WORKER_LOST), 6);
	assert_int_equal(exit_code_of_end(TRACKD_CANCELLED, TRACKD_REASON_CANCELLED), 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(printable_replaces_what_could_do_harm),
	cmocka_unit_test(printable_cuts_between_characters),
	cmocka_unit_test(printable_holds_for_all_pairs_of_bytes),
	cmocka_unit_test(times_are_rfc_3339),
	cmocka_unit_test(local_times_have_a_date_on_other_days),
	cmocka_unit_test(durations_are_cut_not_rounded),
	cmocka_unit_test(rates_and_estimates),
	cmocka_unit_test(errors_have_their_statuses),
	cmocka_unit_test(errors_of_the_system_have_theirs),
	cmocka_unit_test(outcomes_have_their_statuses),
};

int main(void)
{
	setenv("TZ", "UTC", 1);
	return suite_run(tests);
}
