/* SPDX-License-Identifier: MIT */
/* A task is written without a JSON library: byte for byte it equals the library's output for the
 * same task, whatever its numbers and texts are. */
#include "tests/harness/suite.h"
#include "tools/common/task_json.h"
#include "tools/trackd-http/tasks/public_task.h"
#include "tools/trackd-http/tasks/task_text.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4000 };

static unsigned short chance[3] = { 7, 7, 7 };

static void assert_same(const struct trackd_task *task, uint64_t now_ns)
{
	struct task_json_options options = { .now_ns = now_ns };
	struct trackd_task shown = *task;
	static char text[TASK_TEXT + 1];

	public_task_error(task, shown.error);
	json_t *object = task_json(&shown, &options);
	json_object_set_new(object, "links",
			    json_pack("{s:o, s:o, s:o}", "self",
				      json_sprintf("/v1/tasks/%s", task->id), "events",
				      json_sprintf("/v1/tasks/%s/events", task->id), "cancel",
				      json_sprintf("/v1/tasks/%s/cancel", task->id)));
	char *expected = json_dumps(object, JSON_COMPACT);
	assert_non_null(expected);
	size_t size = task_text(task, now_ns, text);
	assert_true(size <= TASK_TEXT);
	text[size] = '\0';
	assert_string_equal(text, expected);
	free(expected);
	json_decref(object);
}

/* ---- Tasks of all sorts --------------------------------------------------- */

static uint64_t some(uint64_t below)
{
	return below == 0 ? 0 : ((uint64_t)mrand48() << 32 ^ (uint64_t)mrand48()) % below;
}

static void fill(char *text, size_t size)
{
	static const char *const pieces[] = { "a",    "\"",       "\\",   "\n",  "\t",   "\x01",
					      "\x7f", "\xc3\xa9", "\xc3", "[7]", "\xff", "/" };
	size_t length = 0, wanted = (size_t)nrand48(chance) % size;

	text[0] = '\0';
	for (;;) {
		const char *piece = pieces[(size_t)nrand48(chance) % 12];

		if (length + strlen(piece) > wanted)
			return;
		length += (size_t)snprintf(text + length, size - length, "%s", piece);
	}
}

/* Some that are none, and some with one key. */
static void fill_labels(char *text, size_t size)
{
	static const char *const pieces[] = { "a=", "b=", "\n", "\n", "\"", "x", "\xff", "=" };
	size_t length = 0, wanted = (size_t)nrand48(chance) % size;

	text[0] = '\0';
	while (length + 2 <= wanted)
		length += (size_t)snprintf(text + length, size - length, "%s",
					   pieces[(size_t)nrand48(chance) % 8]);
}

/* 0, or somewhere in the years 1970 to 2100, also just before and after midnight. */
static uint64_t moment(void)
{
	const uint64_t day = UINT64_C(86400000000000);

	switch (some(4)) {
	case 0:
		return 0;
	case 1:
		return some(47000) * day + day - 1 - some(2000000);
	default:
		return 1 + some(47000 * day);
	}
}

static uint64_t count(void)
{
	return some(4) == 0 ? some(UINT64_MAX) : some(200);
}

static void make_stages(struct trackd_task *task)
{
	for (int i = 0; i < task->n_stages; i++) {
		struct trackd_stage *stage = &task->stages[i];

		fill(stage->name, sizeof stage->name);
		stage->state = (uint8_t)some(TRACKD_STAGE_ENDED + 1);
		stage->started_ns = moment();
		stage->finished_ns = moment();
		stage->done = count();
		stage->total = count();
		stage->percent = (uint8_t)some(101);
	}
}

static void make(struct trackd_task *task)
{
	memset(task, 0, sizeof *task);
	snprintf(task->id, sizeof task->id, "task-%lu", nrand48(chance));
	fill(task->owner, sizeof task->owner);
	fill(task->name, sizeof task->name);
	fill(task->status, sizeof task->status);
	fill(task->message, sizeof task->message);
	fill(task->error, sizeof task->error);
	fill(task->result, sizeof task->result);
	fill(task->last_message, sizeof task->last_message);
	fill_labels(task->labels, sizeof task->labels);
	fill(task->kind_name, sizeof task->kind_name);
	task->state = (uint8_t)some(TRACKD_CANCELLED + 1);
	task->reason = (uint8_t)some(TRACKD_REASON_TIMED_OUT + 1);
	task->n_stages = (uint8_t)some(TRACKD_STAGES_MAX + 1);
	task->stage = (int8_t)((int)some(TRACKD_STAGES_MAX + 2) - 1);
	task->progress = (uint8_t)some(101);
	task->last_progress = (uint8_t)some(101);
	task->revision = 1 + count();
	task->done = count();
	task->total = count();
	task->created_ns = 1 + moment();
	task->started_ns = moment();
	task->updated_ns = 1 + moment();
	task->finished_ns = moment();
	task->cancel_requested_ns = moment();
	task->start_within_ms = (uint32_t)some(3) * 1000;
	task->progress_within_ms = (uint32_t)some(3) * UINT32_MAX;
	task->finish_within_ms = (uint32_t)some(2) * 86400000;
	task->worker_exit = (uint8_t)some(TRACKD_EXIT_SIGNAL + 1);
	task->worker_exit_number = (int32_t)some(256);
	task->worker_exit_flags = (uint8_t)some(4);
	make_stages(task);
}

static void tasks_of_all_sorts(void **state)
{
	static struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	srand48(7);
	for (int i = 0; i < ROUNDS; i++) {
		make(&task);
		assert_same(&task, moment());
	}
}

static void the_longest_fits(void **state)
{
	static const char worst[] = { '"', '\xff', '\x01' };
	static struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof worst; i++) {
		make(&task);
		memset(task.id, '-', TRACKD_ID_MAX);
		memset(task.owner, worst[i], TRACKD_OWNER_MAX);
		memset(task.name, worst[i], TRACKD_NAME_MAX);
		memset(task.status, worst[i], TRACKD_STAGE_NAME_MAX);
		memset(task.message, worst[i], TRACKD_MESSAGE_MAX);
		memset(task.error, worst[i], TRACKD_ERROR_MAX);
		memset(task.result, worst[i], TRACKD_RESULT_MAX);
		memset(task.last_message, worst[i], TRACKD_MESSAGE_MAX);
		memset(task.labels, worst[i], TRACKD_LABELS_BYTES);
		memcpy(task.labels, "a=", 2);
		memset(task.kind_name, worst[i], TRACKD_STAGE_NAME_MAX);
		task.state = TRACKD_FAILED;
		task.n_stages = TRACKD_STAGES_MAX;
		task.stage = TRACKD_STAGES_MAX - 1;
		task.revision = task.done = task.total = UINT64_MAX;
		task.created_ns = task.started_ns = task.updated_ns = task.finished_ns = UINT64_MAX;
		task.cancel_requested_ns = UINT64_MAX;
		for (int s = 0; s < TRACKD_STAGES_MAX; s++) {
			memset(task.stages[s].name, worst[i], TRACKD_STAGE_NAME_MAX);
			task.stages[s].started_ns = 1;
			task.stages[s].finished_ns = UINT64_MAX;
			task.stages[s].done = task.stages[s].total = UINT64_MAX;
		}
		assert_same(&task, UINT64_MAX);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(tasks_of_all_sorts),
	cmocka_unit_test(the_longest_fits),
};

SUITE(tests)
