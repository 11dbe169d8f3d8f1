/* SPDX-License-Identifier: MIT */
/* What a final task shows beside its end: the message and the progress just before it. */
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include <errno.h>
#include <string.h>

enum { CAPACITY = 16 };

static struct trackd_task task;

static void look(struct trackd_ref ref)
{
	task = own_task(ref);
}

static struct trackd_ref at_work(const char *id, const char *message)
{
	struct trackd_ref ref = own_create(id, "alice");

	HARNESS_MUST(record_stage(&own_board, ref, TRACKD_EMBEDDING, 50, message, OWN_WORKER,
				  harness_soon()));
	HARNESS_MUST(record_advance(&own_board, ref, 20));
	return ref;
}

static void expect_view(struct trackd_ref ref, const char *message, int progress)
{
	struct trackd_view view = own_view(ref);

	assert_string_equal(trackd_view_last_message(&view), message);
	assert_int_equal(trackd_view_last_progress(&view), progress);
	assert_true(trackd_view_valid(&view));
	look(ref);
	assert_string_equal(task.last_message, message);
	assert_int_equal(task.last_progress, progress);
}

static void an_open_task_has_no_last_message(void **state)
{
	struct trackd_ref ref = own_create("pending", "alice");

	(void)state;
	expect_view(ref, "", 0);
	expect_view(at_work("active", "at work"), "", 52);
}

static void the_end_keeps_them(void **state)
{
	static const enum trackd_state ends[] = { TRACKD_COMPLETED, TRACKD_FAILED,
						  TRACKD_CANCELLED };
	static const char *const ids[] = { "completed", "failed", "cancelled" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct trackd_ref ref = at_work(ids[i], "at work");
		HARNESS_MUST(own_end(ref, ends[i]));
		expect_view(ref, "at work", 52);
		assert_int_equal(task.progress, i == 0 ? 100 : 52);
	}
	struct trackd_ref ref = own_create("never begun", NULL);
	HARNESS_MUST(own_end(ref, TRACKD_COMPLETED));
	look(ref);
	assert_int_equal(task.last_progress, 0);
}

static void nothing_changes_them_after_the_end(void **state)
{
	struct trackd_ref ref = at_work("a", "at work");

	(void)state;
	HARNESS_MUST(record_cancel(&own_board, ref, harness_soon()));
	HARNESS_MUST(own_end(ref, TRACKD_CANCELLED));
	assert_int_equal(record_update(&own_board, ref, TRACKD_STAGE_KEEP, "too late", OWN_WORKER,
				       harness_soon()),
			 TRACKD_E_FINAL);
	assert_int_equal(
		record_stage(&own_board, ref, 3, 9, "too late", OWN_WORKER, harness_soon()),
		TRACKD_E_FINAL);
	assert_int_equal(record_cancel(&own_board, ref, harness_soon()), TRACKD_CANCEL_ENDED);
	assert_int_equal(own_end(ref, TRACKD_FAILED), TRACKD_E_FINAL);
	expect_view(ref, "at work", 52);
}

static void the_longest_message_is_kept(void **state)
{
	char text[TRACKD_MESSAGE_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	struct trackd_ref ref = at_work("a", text);
	HARNESS_MUST(own_end(ref, TRACKD_FAILED));
	expect_view(ref, text, 52);
}

static void an_imported_task_has_them(void **state)
{
	static struct trackd_task copied;
	struct trackd_ref ref = at_work("a", "at work");

	(void)state;
	HARNESS_MUST(own_end(ref, TRACKD_FAILED));
	look(ref);
	copied = task;
	own_remove(ref);
	HARNESS_MUST(tenant_import(&own_board, &copied, 0, own_board.header->wall_offset_ns,
				   harness_soon(), &ref));
	expect_view(ref, "at work", 52);
	memset(copied.last_message, 'x', sizeof copied.last_message);
	copied.updated_ns++;
	assert_int_equal(tenant_import(&own_board, &copied, 0, own_board.header->wall_offset_ns,
				       harness_soon(), &ref),
			 -EINVAL);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(an_open_task_has_no_last_message, CAPACITY),
	OWN_BOARD(the_end_keeps_them, CAPACITY),
	OWN_BOARD(nothing_changes_them_after_the_end, CAPACITY),
	OWN_BOARD(the_longest_message_is_kept, CAPACITY),
	OWN_BOARD(an_imported_task_has_them, CAPACITY),
};

SUITE(tests)
