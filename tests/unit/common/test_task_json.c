/* SPDX-License-Identifier: MIT */
/* The one JSON shape of a task: its members and their order, null rather than absent, and valid
 * whatever bytes the task holds. */
#include "tests/harness/suite.h"
#include "tools/common/task_json.h"
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const uint64_t BEGIN = UINT64_C(1764000000) * SECOND;

static struct trackd_task failed_task(void)
{
	struct trackd_task task = {
		.revision = 7,
		.id = "7f3c",
		.owner = "alice",
		.name = "report.pdf",
		.status = "failed",
		.message = "Processing failed",
		.error = "no text layer",
		.last_message = "page 3 of 9",
		.last_progress = 30,
		.progress_within_ms = 2000,
		.finish_within_ms = 4294967294u,
		.labels = "batch=7\nnote=a \"b\"",
		.kind_name = "document",
		.state = TRACKD_FAILED,
		.reason = TRACKD_REASON_ERROR,
		.stage = 1,
		.n_stages = 3,
		.done = 3,
		.total = 9,
		.created_ns = BEGIN,
		.started_ns = BEGIN + SECOND,
		.updated_ns = BEGIN + 4 * SECOND,
		.finished_ns = BEGIN + 4 * SECOND,
		.worker_pid = 4182,
		.worker_comm = "uvicorn",
	};

	task.stages[0] = (struct trackd_stage){ .name = "extracting",
						.started_ns = BEGIN + SECOND,
						.finished_ns = BEGIN + 3 * SECOND,
						.done = 87,
						.total = 87,
						.state = TRACKD_STAGE_DONE };
	task.stages[1] = (struct trackd_stage){ .name = "chunking",
						.started_ns = BEGIN + 3 * SECOND,
						.finished_ns = BEGIN + 4 * SECOND,
						.done = 3,
						.total = 9,
						.state = TRACKD_STAGE_ENDED };
	task.stages[2] = (struct trackd_stage){ .name = "embedding" };
	return task;
}

static void assert_json(const struct trackd_task *task, bool worker, const char *expected)
{
	struct task_json_options options = { BEGIN + 10 * SECOND, worker, 1 };
	json_t *object = task_json(task, &options);
	char *text = json_dumps(object, JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

static void a_task_with_everything(void **state)
{
	struct trackd_task task = failed_task();

	(void)state;
	assert_json(
		&task, true,
		"{\"id\":\"7f3c\",\"kind\":\"document\",\"owner\":\"alice\",\"name\":\"report."
		"pdf\","
		"\"state\":\"failed\",\"status\":\"failed\",\"done\":true,\"progress\":0,"
		"\"stage\":{\"name\":\"chunking\",\"index\":1,\"count\":3,\"done\":3,\"total\":9},"
		"\"stages\":[{\"name\":\"extracting\",\"state\":\"done\","
		"\"started_at\":\"2025-11-24T16:00:01.000Z\","
		"\"finished_at\":\"2025-11-24T16:00:03.000Z\",\"duration_ms\":2000,\"done\":87,"
		"\"total\":87},{\"name\":\"chunking\",\"state\":\"failed\","
		"\"started_at\":\"2025-11-24T16:00:03.000Z\","
		"\"finished_at\":\"2025-11-24T16:00:04.000Z\",\"duration_ms\":1000,\"done\":3,"
		"\"total\":9},{\"name\":\"embedding\",\"state\":\"waiting\",\"started_at\":null,"
		"\"finished_at\":null,\"duration_ms\":null,\"done\":0,\"total\":null}],"
		"\"message\":\"Processing failed\",\"error\":{\"reason\":\"error\","
		"\"message\":\"no text layer\",\"stage\":\"chunking\"},\"cancel\":null,"
		"\"result\":null,\"last_message\":\"page 3 of 9\",\"last_progress\":30,"
		"\"labels\":{\"batch\":\"7\",\"note\":\"a \\\"b\\\"\"},"
		"\"limits\":{\"start_within_ms\":null,\"progress_within_ms\":2000,"
		"\"finish_within_ms\":4294967294},"
		"\"worker\":{\"pid\":4182,\"comm\":\"uvicorn\",\"alive\":true,\"exit\":null},"
		"\"created_at\":\"2025-11-24T16:00:00.000Z\","
		"\"started_at\":\"2025-11-24T16:00:01.000Z\","
		"\"updated_at\":\"2025-11-24T16:00:04.000Z\","
		"\"finished_at\":\"2025-11-24T16:00:04.000Z\",\"eta\":null,\"revision\":7}");
}

static void a_task_with_nothing(void **state)
{
	struct trackd_task task = { .state = TRACKD_PENDING, .stage = -1, .id = "x" };

	(void)state;
	assert_json(&task, true,
		    "{\"id\":\"x\",\"kind\":\"\",\"owner\":null,\"name\":\"\","
		    "\"state\":\"pending\",\"status\":\"\",\"done\":false,\"progress\":0,"
		    "\"stage\":null,\"stages\":[],\"message\":\"\",\"error\":null,\"cancel\":null,"
		    "\"result\":null,\"last_message\":null,\"last_progress\":null,"
		    "\"labels\":{},\"limits\":null,\"worker\":null,\"created_at\":null,\"started_"
		    "at\":null,"
		    "\"updated_at\":null,"
		    "\"finished_at\":null,\"eta\":null,\"revision\":0}");
}

static void only_a_completed_task_has_a_result(void **state)
{
	struct trackd_task task = failed_task();
	struct task_json_options options = { BEGIN, false, -1 };

	(void)state;
	memcpy(task.result, "12 pages", sizeof "12 pages");
	for (int now = TRACKD_PENDING; now <= TRACKD_CANCELLED; now++) {
		bool broken = now == TRACKD_FAILED || now == TRACKD_CANCELLED;

		task.state = (uint8_t)now;
		json_t *object = task_json(&task, &options);
		assert_int_equal(json_is_string(json_object_get(object, "result")),
				 now == TRACKD_COMPLETED);
		assert_int_equal(json_is_string(json_object_get(object, "last_message")), broken);
		assert_int_equal(json_is_integer(json_object_get(object, "last_progress")), broken);
		json_decref(object);
	}
}

/* Its worker died after it was asked. */
static void a_cancelled_task_may_have_an_error(void **state)
{
	struct trackd_task task = failed_task();
	struct task_json_options options = { BEGIN + 8 * SECOND, true, 0 };

	(void)state;
	task.state = TRACKD_CANCELLED;
	task.reason = TRACKD_REASON_CANCELLED;
	task.cancel_requested_ns = BEGIN + 3 * SECOND;
	json_t *object = task_json(&task, &options);
	json_t *error = json_object_get(object, "error");
	assert_string_equal(json_string_value(json_object_get(error, "reason")), "cancelled");
	assert_string_equal(json_string_value(json_object_get(error, "message")), "no text layer");
	json_t *cancel = json_object_get(object, "cancel");
	assert_true(json_is_null(json_object_get(cancel, "unheard_ms")));
	json_decref(object);
	task.error[0] = '\0';
	object = task_json(&task, &options);
	assert_true(json_is_null(json_object_get(object, "error")));
	json_decref(object);
}

/* The member "worker" as text, which the caller frees. */
static char *worker_text(const struct trackd_task *task, bool whole)
{
	struct task_json_options options = { BEGIN, whole, -1 };
	json_t *object = task_json(task, &options);
	char *text = json_dumps(json_object_get(object, "worker"), JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	json_decref(object);
	return text;
}

static void expect_worker(const struct trackd_task *task, bool whole, const char *expected)
{
	char *text = worker_text(task, whole);

	assert_string_equal(text, expected);
	free(text);
}

static void the_gateway_leaves_out_who_the_worker_was(void **state)
{
	struct trackd_task task = failed_task();

	(void)state;
	expect_worker(&task, false, "null");
	task.worker_exit = TRACKD_EXIT_STATUS;
	task.worker_exit_number = 3;
	expect_worker(&task, false,
		      "{\"exit\":{\"status\":3,\"signal\":null,\"core_dumped\":false,"
		      "\"out_of_memory\":false}}");
}

static void how_a_worker_died_is_told_without_who_it_was(void **state)
{
	struct trackd_task task = failed_task();

	(void)state;
	task.worker_pid = 0;
	expect_worker(&task, true, "null");
	task.worker_exit = TRACKD_EXIT_SIGNAL;
	task.worker_exit_number = SIGKILL;
	task.worker_exit_flags = TRACKD_EXIT_MEMORY;
	expect_worker(&task, true,
		      "{\"pid\":null,\"comm\":null,\"alive\":false,\"exit\":{\"status\":null,"
		      "\"signal\":\"SIGKILL\",\"core_dumped\":false,\"out_of_memory\":true}}");
	task.worker_exit_flags = TRACKD_EXIT_DUMPED;
	task.worker_exit_number = 40;
	expect_worker(&task, false,
		      "{\"exit\":{\"status\":null,\"signal\":\"signal 40\",\"core_dumped\":true,"
		      "\"out_of_memory\":false}}");
}

static void an_active_stage_lasts_until_now(void **state)
{
	struct trackd_task task = failed_task();
	struct task_json_options options = { BEGIN + 8 * SECOND, true, 0 };

	(void)state;
	task.state = TRACKD_ACTIVE;
	task.finished_ns = 0;
	task.cancel_requested_ns = BEGIN + 5 * SECOND;
	task.stages[1].state = TRACKD_STAGE_RUNNING;
	task.stages[1].finished_ns = 0;
	task.stages[0].percent = 10;
	task.stages[1].percent = 25;
	task.stages[2].percent = 40;
	json_t *object = task_json(&task, &options);
	json_t *stage = json_array_get(json_object_get(object, "stages"), 1);
	assert_int_equal(json_integer_value(json_object_get(stage, "duration_ms")), 5000);
	assert_string_equal(json_string_value(json_object_get(stage, "state")), "running");
	json_t *cancel = json_object_get(object, "cancel");
	assert_string_equal(json_string_value(json_object_get(cancel, "requested_at")),
			    "2025-11-24T16:00:05.000Z");
	assert_int_equal(json_integer_value(json_object_get(cancel, "unheard_ms")), 3000);
	/* 7 s for 10 % to 30 %: 70 % more take 24.5 s. */
	json_t *eta = json_object_get(object, "eta");
	assert_in_range(json_integer_value(json_object_get(eta, "seconds")), 24, 25);
	assert_true(json_is_false(json_object_get(json_object_get(object, "worker"), "alive")));
	json_decref(object);
}

/* Strings are terminated by the library; all other bytes may be anything. */
static void any_bytes_make_valid_json(void **state)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	unsigned seed = 4711;
	struct task_json_options options = { BEGIN, true, -1 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint8_t *bytes = (uint8_t *)&task;

		for (size_t i = 0; i < sizeof task; i++)
			bytes[i] = (uint8_t)rand_r(&seed);
		task.id[TRACKD_ID_MAX] = task.owner[TRACKD_OWNER_MAX] = '\0';
		task.name[TRACKD_NAME_MAX] = task.message[TRACKD_MESSAGE_MAX] = '\0';
		task.error[TRACKD_ERROR_MAX] = task.worker_comm[15] = '\0';
		task.last_message[TRACKD_MESSAGE_MAX] = task.result[TRACKD_RESULT_MAX] = '\0';
		task.labels[TRACKD_LABELS_BYTES] = '\0';
		task.status[TRACKD_STAGE_NAME_MAX] = task.kind_name[TRACKD_STAGE_NAME_MAX] = '\0';
		for (int i = 0; i < TRACKD_STAGES_MAX; i++)
			task.stages[i].name[TRACKD_STAGE_NAME_MAX] = '\0';
		json_t *object = task_json(&task, &options);
		assert_non_null(object);
		char *text = json_dumps(object, 0);
		assert_non_null(text);
		json_t *again = json_loads(text, 0, NULL);
		assert_true(json_equal(object, again));
		json_decref(again);
		free(text);
		json_decref(object);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_task_with_everything),
	cmocka_unit_test(a_task_with_nothing),
	cmocka_unit_test(only_a_completed_task_has_a_result),
	cmocka_unit_test(a_cancelled_task_may_have_an_error),
	cmocka_unit_test(the_gateway_leaves_out_who_the_worker_was),
	cmocka_unit_test(how_a_worker_died_is_told_without_who_it_was),
	cmocka_unit_test(an_active_stage_lasts_until_now),
	cmocka_unit_test(any_bytes_make_valid_json),
};

SUITE(tests)
