/* SPDX-License-Identifier: MIT */
/* The body of a status is written without a JSON library: byte for byte it equals the library's
 * output for the same task, whatever its texts contain. */
#include "tests/harness/suite.h"
#include "tools/common/task_json.h"
#include "tools/trackd-http/tasks/status.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The same by the library --------------------------------------------- */

static json_t *error_of(const struct trackd_task *task)
{
	if (task->state == TRACKD_FAILED)
		return task_json_text(task->error);
	return task->state == TRACKD_CANCELLED ? json_string("Cancelled") : json_null();
}

static char *by_the_library(const struct trackd_task *task)
{
	const char *status = task->state == TRACKD_CANCELLED ? "failed" : task->status;
	/* The original's contract; the board's own number is where it was. */
	bool failed = task->state == TRACKD_FAILED || task->state == TRACKD_CANCELLED;
	json_t *body = json_pack("{s:s, s:s, s:i, s:o, s:o}", "document_id", task->id, "status",
				 status, "progress", failed ? 0 : (int)task->progress, "message",
				 task_json_text(task->message), "error", error_of(task));
	char *text = json_dumps(body, JSON_COMPACT);

	assert_non_null(text);
	json_decref(body);
	return text;
}

static void assert_same(const struct trackd_task *task)
{
	char text[STATUS_TEXT + 1], *expected = by_the_library(task);
	size_t size = status_text(task, text);

	assert_true(size <= STATUS_TEXT);
	text[size] = '\0';
	assert_string_equal(text, expected);
	free(expected);
}

/* ---- Tasks ---------------------------------------------------------------- */

static struct trackd_task task_in(enum trackd_state state)
{
	struct trackd_task task = { .state = (uint8_t)state,
				    .id = "0a1b2c3d-0000-4000-8000-00000000000f",
				    .message = "Generating embeddings for 4 chunks",
				    .error = "out of ink" };

	snprintf(task.status, sizeof task.status, "%s", trackd_state_name(state));
	return task;
}

static void every_state_and_progress(void **state)
{
	(void)state;
	for (int s = TRACKD_PENDING; s <= TRACKD_CANCELLED; s++)
		for (int progress = 0; progress <= 100; progress++) {
			struct trackd_task task = task_in((enum trackd_state)s);

			task.progress = (uint8_t)progress;
			assert_same(&task);
		}
}

static void every_byte_alone_and_between_others(void **state)
{
	struct trackd_task task = task_in(TRACKD_FAILED);

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		memcpy(task.message, (char[]){ (char)byte, '\0' }, 2);
		memcpy(task.error, (char[]){ 'a', (char)byte, 'z', (char)byte, '\0' }, 5);
		assert_same(&task);
	}
}

/* Bytes of all sorts, so that many are the beginning of something and few its whole. */
static void fill(char *text, size_t size, unsigned short chance[3])
{
	static const char *const pieces[] = {
		"a",    "\"",   "\\",       "\n",   "\t",           "\r",
		"\x01", "\x7f", "\xc3\xa9", "\xc3", "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
		"\xff", "\x80", "/",        "<"
	};
	size_t length = 0, wanted = (size_t)nrand48(chance) % size;

	text[0] = '\0';
	for (;;) {
		const char *piece =
			pieces[(size_t)nrand48(chance) % (sizeof pieces / sizeof pieces[0])];

		if (length + strlen(piece) > wanted)
			return;
		length += (size_t)snprintf(text + length, size - length, "%s", piece);
	}
}

static void texts_of_all_sorts(void **state)
{
	unsigned short chance[3] = { 7, 7, 7 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct trackd_task task = task_in(TRACKD_FAILED);

		fill(task.message, sizeof task.message, chance);
		fill(task.error, sizeof task.error, chance);
		assert_same(&task);
	}
}

static void the_longest_fits(void **state)
{
	static const char worst[] = { '"', '\xff', '\x01' };
	struct trackd_task task = task_in(TRACKD_FAILED);

	(void)state;
	for (size_t i = 0; i < sizeof worst; i++) {
		memset(task.id, '-', TRACKD_ID_MAX);
		memset(task.status, 's', TRACKD_STAGE_NAME_MAX);
		memset(task.message, worst[i], TRACKD_MESSAGE_MAX);
		memset(task.error, worst[i], TRACKD_ERROR_MAX);
		task.progress = 100;
		assert_same(&task);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_state_and_progress),
	cmocka_unit_test(every_byte_alone_and_between_others),
	cmocka_unit_test(texts_of_all_sorts),
	cmocka_unit_test(the_longest_fits),
};

SUITE(tests)
