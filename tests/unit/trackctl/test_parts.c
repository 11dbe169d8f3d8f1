/* SPDX-License-Identifier: MIT */
/* trackctl's own parts: options, lines of progress, text in cells, bars, rows that fit, suggestions
 * of verbs. */
#include "tests/harness/suite.h"
#include "tools/common/option.h"
#include "tools/common/value.h"
#include "tools/trackctl/run/progress.h"
#include "tools/trackctl/session/terminal.h"
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/rows.h"
#include <fcntl.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static const struct terminal unicode = { .unicode = true, .width = 80, .height = 24 };
static const struct terminal ascii = { .unicode = false, .width = 80, .height = 24 };

/* ---- Options ----------------------------------------------------------- */

static void durations_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "2", 2000 },    { "0.5", 500 },    { ".25s", 250 },    { "90s", 90000 },
		{ "3m", 180000 }, { "2h", 7200000 }, { "1d", 86400000 }, { "15ms", 15 },
		{ "0", 0 },       { "", -1 },        { "soon", -1 },     { "-1", -1 },
		{ "1 s", -1 },    { "1x", -1 },      { "1e400", -1 },    { "inf", -1 },
		{ "nan", -1 },    { "1e12d", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t ms = UINT64_MAX;
		int error = value_duration(cases[i].text, 0, INT64_MAX, &ms);
		if ((error == 0) != (cases[i].ms >= 0))
			fail_msg("\"%s\": %d", cases[i].text, error);
		assert_true((int64_t)ms == cases[i].ms);
	}
}

static void numbers_are_parsed(void **state)
{
	static const char *const refused[] = {
		"18446744073709551616", "-1", "+1", " 1", "1 ", "0x10", ""
	};
	uint64_t number = 5;

	(void)state;
	assert_int_equal(value_number("18446744073709551615", 0, UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_true(value_number(refused[i], 0, UINT64_MAX, &number) < 0);
}

static void options_may_stand_anywhere(void **state)
{
	struct wanted {
		bool flag, given;
		const char *text;
		uint64_t number;
	} wanted = { .flag = false };
	const struct option_entry entries[] = {
		OPTION(struct wanted, flag, .name = "flag", .letter = 'f', .set = option_switch),
		OPTION(struct wanted, text, .name = "text", .letter = 't', .takes = "T",
		       .set = option_word),
		OPTION(struct wanted, number, .name = "number", .takes = "N", .set = option_integer,
		       OPTION_GIVEN(struct wanted, given)),
		{ 0 },
	};
	const struct option_part parts[] = { { entries, &wanted }, { NULL, NULL } };
	struct fault fault;
	char *argv[] = { "verb", "one", "--number=7", "-f", "two", "-tx", "--", "--flag", NULL };

	(void)state;
	assert_int_equal(option_parse(parts, 8, argv, false, "help", &fault), 5);
	assert_true(wanted.flag && wanted.given);
	assert_string_equal(wanted.text, "x");
	assert_int_equal(wanted.number, 7);
	assert_string_equal(argv[5], "one");
	assert_string_equal(argv[7], "--flag");
	/* Of a command, they are the command's. */
	char *command[] = { "run", "--flag", "sh", "-t", "x", NULL };
	wanted.text = NULL;
	assert_int_equal(option_parse(parts, 5, command, true, "help", &fault), 2);
	assert_null(wanted.text);
}

/* ---- Progress ---------------------------------------------------------- */

static void lines_of_progress_are_parsed(void **state)
{
	struct progress progress;
	char count[] = "3/10 page three", bare[] = "3/10", stage[] = "stage chunking now this",
	     only[] = "  stage  chunking \r";

	(void)state;
	assert_true(progress_parse(count, &progress));
	assert_int_equal(progress.type, PROGRESS_COUNT);
	assert_int_equal(progress.done, 3);
	assert_int_equal(progress.total, 10);
	assert_string_equal(progress.message, "page three");
	assert_true(progress_parse(bare, &progress));
	assert_null(progress.message);
	assert_true(progress_parse(stage, &progress));
	assert_int_equal(progress.type, PROGRESS_STAGE);
	assert_string_equal(progress.stage, "chunking");
	assert_string_equal(progress.message, "now this");
	assert_true(progress_parse(only, &progress));
	assert_string_equal(progress.stage, "chunking");
	assert_null(progress.message);
}

static void other_lines_are_refused(void **state)
{
	static const char *const lines[] = { "",      " ",     "stage",    "stage ", "3",
					     "3/",    "/3",    "3 / 10",   "-1/3",   "3/-1",
					     "3/10x", "hello", "stages x", "3/10/2", "1.5/3" };
	struct progress progress;
	char line[32];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		snprintf(line, sizeof line, "%s", lines[i]);
		assert_false(progress_parse(line, &progress));
	}
}

struct taken {
	char lines[8][64];
	int n;
};

static void take(void *user, char *line)
{
	struct taken *taken = user;

	assert_true(taken->n < 8);
	strncpy(taken->lines[taken->n++], line, 63);
}

static void lines_are_put_together(void **state)
{
	struct progress_buffer buffer = { .length = 0 };
	struct taken taken = { .n = 0 };
	char endless[3 * PROGRESS_LINE];
	int ends[2];

	(void)state;
	memset(endless, 'x', sizeof endless);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "1/2\n2/", 6), 6);
	progress_read(&buffer, ends[0], take, &taken);
	assert_int_equal(taken.n, 1);
	assert_int_equal(write(ends[1], "2\n", 2), 2);
	progress_read(&buffer, ends[0], take, &taken);
	assert_int_equal(taken.n, 2);
	assert_string_equal(taken.lines[1], "2/2");
	/* One that is too long is left out, to its end. */
	assert_int_equal(write(ends[1], endless, sizeof endless), sizeof endless);
	assert_int_equal(write(ends[1], "\n3/3\nrest", 9), 9);
	progress_read(&buffer, ends[0], take, &taken);
	assert_int_equal(taken.n, 3);
	assert_string_equal(taken.lines[2], "3/3");
	progress_finish(&buffer, take, &taken);
	assert_int_equal(taken.n, 4);
	assert_string_equal(taken.lines[3], "rest");
	progress_finish(&buffer, take, &taken);
	assert_int_equal(taken.n, 4);
	close(ends[0]);
	close(ends[1]);
}

/* ---- Cells ------------------------------------------------------------- */

static void text_is_cut_to_cells(void **state)
{
	char to[64];

	(void)state;
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "report", 0), 6);
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "report", 6), 6);
	assert_string_equal(to, "report");
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "report", 5), 5);
	assert_string_equal(to, "repo\xe2\x80\xa6");
	assert_int_equal(terminal_text(&ascii, to, sizeof to, "report", 5), 5);
	assert_string_equal(to, "repo~");
	/* Wide characters take two cells and are not cut in half. */
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "\xe6\x97\xa5\xe6\x9c\xac", 0), 4);
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "\xe6\x97\xa5\xe6\x9c\xac", 3), 3);
	assert_string_equal(to, "\xe6\x97\xa5\xe2\x80\xa6");
	assert_int_equal(terminal_text(&unicode, to, sizeof to, "\xe6\x97\xa5\xe6\x9c\xac", 2), 1);
	assert_int_equal(terminal_text(&ascii, to, sizeof to, "\xe6\x97\xa5x", 0), 2);
	assert_string_equal(to, "?x");
	assert_int_equal(terminal_text(&ascii, to, sizeof to, "a\033b", 0), 3);
	assert_string_equal(to, "a?b");
}

static void bars_are_as_wide_as_asked(void **state)
{
	char to[512];

	(void)state;
	for (int percent = -10; percent <= 110; percent++) {
		for (int cells = 0; cells <= 40; cells++) {
			terminal_bar(&ascii, to, sizeof to, percent, cells);
			assert_int_equal(strlen(to), cells);
			terminal_bar(&unicode, to, sizeof to, percent, cells);
			assert_int_equal(strlen(to), 3 * cells);
		}
	}
	terminal_bar(&ascii, to, sizeof to, 54, 10);
	assert_string_equal(to, "#####.....");
	terminal_bar(&ascii, to, sizeof to, 99, 10);
	assert_string_equal(to, "#########.");
	terminal_bar(&ascii, to, sizeof to, 100, 10);
	assert_string_equal(to, "##########");
	terminal_bar(&unicode, to, sizeof to, 25, 2);
	assert_string_equal(to, "\xe2\x95\xb8\xe2\x94\x80");
}

/* ---- Rows -------------------------------------------------------------- */

static int cells_of(const char *text)
{
	wchar_t wide[ROW_BYTES];

	assert_true(mbstowcs(wide, text, ROW_BYTES) != (size_t)-1);
	return wcswidth(wide, ROW_BYTES);
}

static struct trackd_task busy_task(void)
{
	struct trackd_task task = {
		.id = "7f3c0001-2222-3333-4444-555566667777",
		.owner = "somebody.with.a.long.name",
		.name = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e and more of a name that is long.pdf",
		.status = "embedding",
		.message = "batch 48 of 100 and a long explanation of what happens in it",
		.state = TRACKD_ACTIVE,
		.stage = 0,
		.n_stages = 1,
		.progress = 54,
		.done = 480,
		.total = 1000,
		.started_ns = 1,
		.worker_pid = 4182,
		.worker_comm = "uvicorn"
	};

	task.stages[0].started_ns = 1;
	return task;
}

/* At every width the lines fit, and the id is the last thing to go. */
static void rows_fit_every_width(void **state)
{
	struct trackd_task task = busy_task(), other = { .id = "x", .status = "pending" };
	char line[ROW_BYTES];
	struct rows rows;

	(void)state;
	for (int width = 1; width <= 300; width++) {
		rows_begin(&rows);
		rows_measure(&rows, &unicode, &task);
		rows_measure(&rows, &unicode, &other);
		rows_fit(&rows, width);
		assert_true(rows.cells[ROW_ID] > 0);
		rows_line(&rows, &unicode, &task, line);
		assert_in_range(cells_of(line), 1, width);
		rows_line(&rows, &unicode, &other, line);
		assert_in_range(cells_of(line), 1, width);
		rows_heading(&rows, &unicode, line);
		assert_in_range(cells_of(line), 1, width);
		if (width >= 60)
			assert_non_null(strstr((rows_line(&rows, &unicode, &task, line), line),
					       "7f3c0001-2222-3333-4444-555566667777  "));
	}
	assert_true(rows.cells[ROW_MESSAGE] > 0 && rows.cells[ROW_WORKER] > 0);
}

/* ---- Verbs ------------------------------------------------------------- */

static void the_verb_that_was_meant_is_found(void **state)
{
	static const struct {
		const char *typed, *meant; /* NULL: nothing near */
	} cases[] = {
		{ "shwo", "show" },
		{ "lss", "ls" },
		{ "wach", "watch" },
		{ "comlete", "complete" },
		{ "doctro", "doctor" },
		{ "list", "ls" },
		{ "delete", "rm" },
		{ "status", "show" },
		{ "frobnicate", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "qqq", NULL },
		{ "a-very-long-word-that-is-no-verb-at-all", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct verb *verb = verb_nearest(cases[i].typed);

		if (cases[i].meant)
			assert_true(verb && strcmp(verb->name, cases[i].meant) == 0);
		else
			assert_null(verb);
	}
}

static void every_verb_can_be_found_and_explained(void **state)
{
	size_t n = 0;

	(void)state;
	for (; verb_at(n); n++) {
		const struct verb *verb = verb_at(n);

		assert_ptr_equal(verb_find(verb->name), verb);
		assert_true(verb->summary && verb->summary[0] != '\0' && verb->arguments);
		assert_non_null(verb->run);
		/* The first line of the help agrees with the limits. */
		assert_int_equal(verb->min_arguments > 0,
				 verb->arguments[0] != '\0' && verb->arguments[0] != '['
					 ? true
					 : verb->rest_is_command);
	}
	assert_int_equal(n, 16);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(durations_are_parsed),
	cmocka_unit_test(numbers_are_parsed),
	cmocka_unit_test(options_may_stand_anywhere),
	cmocka_unit_test(lines_of_progress_are_parsed),
	cmocka_unit_test(other_lines_are_refused),
	cmocka_unit_test(lines_are_put_together),
	cmocka_unit_test(text_is_cut_to_cells),
	cmocka_unit_test(bars_are_as_wide_as_asked),
	cmocka_unit_test(rows_fit_every_width),
	cmocka_unit_test(the_verb_that_was_meant_is_found),
	cmocka_unit_test(every_verb_can_be_found_and_explained),
};

int main(void)
{
	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return suite_run(tests);
}
