/* SPDX-License-Identifier: MIT */
/* The result of a completed task, in place of the error of a failed one. */
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <string.h>

enum { CAPACITY = 16 };

static struct trackd_ref end_with(const char *id, enum trackd_state state, const char *text)
{
	struct record_end how = { .state = state,
				  .reason = state == TRACKD_FAILED ? TRACKD_REASON_ERROR
								   : TRACKD_REASON_NONE,
				  .message = "ended",
				  .error = text };
	struct trackd_ref ref = own_create(id, "alice");

	HARNESS_MUST(record_end(&own_board, ref, &how, harness_soon()));
	return ref;
}

static void expect(struct trackd_ref ref, const char *result, const char *error, unsigned flags)
{
	struct trackd_task task = own_task(ref);
	struct trackd_view view = own_view(ref);

	assert_string_equal(task.result, result);
	assert_string_equal(task.error, error);
	assert_int_equal(task.flags, flags);
	assert_string_equal(trackd_view_result(&view), result);
	assert_string_equal(trackd_view_error(&view), error);
	assert_int_equal(view.flags, flags);
}

static void a_completed_task_shows_its_result(void **state)
{
	(void)state;
	expect(end_with("a", TRACKD_COMPLETED, "{\"pages\":12}"), "{\"pages\":12}", "", 0);
	expect(end_with("b", TRACKD_COMPLETED, NULL), "", "", 0);
	expect(end_with("c", TRACKD_FAILED, "why"), "", "why", 0);
	expect(own_create("d", NULL), "", "", 0);
}

static void a_long_one_is_cut_between_characters(void **state)
{
	char text[TRACKD_RESULT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	memcpy(text + TRACKD_RESULT_MAX - 1, "\xc3\xbc", 2);
	struct trackd_ref ref = end_with("a", TRACKD_COMPLETED, text);
	text[TRACKD_RESULT_MAX - 1] = '\0';
	expect(ref, text, "", TRACKD_RESULT_CUT);
}

static struct trackd_ref import(const struct trackd_task *task)
{
	struct trackd_ref ref;

	HARNESS_MUST(tenant_import(&own_board, task, 0, own_board.header->wall_offset_ns,
				   harness_soon(), &ref));
	return ref;
}

static void it_is_imported(void **state)
{
	struct trackd_ref ref = end_with("a", TRACKD_COMPLETED, "done");
	struct trackd_task task = own_task(ref);

	(void)state;
	own_remove(ref);
	task.flags |= TRACKD_RESULT_CUT;
	ref = import(&task);
	expect(ref, "done", "", TRACKD_RESULT_CUT);
	/* Nothing is cut where there is nothing. */
	own_remove(ref);
	task.result[0] = '\0';
	expect(import(&task), "", "", 0);
	memset(task.result, 'x', sizeof task.result);
	assert_int_equal(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
				       harness_soon(), &ref),
			 -EINVAL);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_completed_task_shows_its_result, CAPACITY),
	OWN_BOARD(a_long_one_is_cut_between_characters, CAPACITY),
	OWN_BOARD(it_is_imported, CAPACITY),
};

SUITE(tests)
