/* SPDX-License-Identifier: MIT */
/* The public calls on a board that is opened by name: the documented behaviour of each, and every
 * error at least once. */
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "tests/harness/client.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { CAPACITY = 16, TIMEOUT_MS = 80 };

static struct trackd_ref create(const char *id)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	task.id = id;
	task.owner = "alice";
	HARNESS_MUST(trackd_create(writer, &task, &ref));
	return ref;
}

/* ---- Writing ------------------------------------------------------------- */

static void a_reader_may_write_nothing(void **state)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_stage_def stage = { "a", 0 };
	struct trackd_ref ref = create("a");

	(void)state;
	task.id = "b";
	assert_int_equal(trackd_create(reader, &task, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_update(reader, ref, 0, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_advance(reader, ref, 1), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_set_total(reader, ref, 1), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_set_progress(reader, ref, 1, 1), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_complete(reader, ref, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_fail(reader, ref, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_cancelled(reader, ref, NULL), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_cancel(reader, ref), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_remove(reader, ref), TRACKD_E_READ_ONLY);
	assert_int_equal(trackd_kind_declare(reader, "k", &stage, 1), TRACKD_E_READ_ONLY);
}

static int create_with(struct trackd_new task)
{
	return trackd_create(writer, &task, NULL);
}

static void creating_fails_as_documented(void **state)
{
	static const char *const labels[] = { "batch", NULL };
	const struct trackd_new good = { .size = sizeof good, .id = "a", .owner = "alice" };
	struct trackd_new task = good;
	char id[16];

	(void)state;
	task.size--;
	assert_int_equal(create_with(task), -EINVAL);
	task = good;
	task.flags = 1u << 9;
	assert_int_equal(create_with(task), -EINVAL);
	task = good;
	task.labels = labels;
	assert_int_equal(create_with(task), TRACKD_E_LABEL);
	task = good;
	task.id = NULL;
	assert_int_equal(create_with(task), TRACKD_E_KEY);
	task.id = "a b";
	assert_int_equal(create_with(task), TRACKD_E_KEY);
	task = good;
	task.owner = "\xff";
	assert_int_equal(create_with(task), TRACKD_E_KEY);
	task = good;
	task.kind = 1;
	assert_int_equal(create_with(task), TRACKD_E_KIND);
	task.kind = -1;
	assert_int_equal(create_with(task), TRACKD_E_KIND);
	task = good;
	task.total = TRACKD_WORK_MAX + 1;
	assert_int_equal(create_with(task), TRACKD_E_OVERFLOW);
	assert_int_equal(create_with(good), 0); /* ret_ref may be NULL */
	assert_int_equal(create_with(good), TRACKD_E_EXISTS);
	task = good;
	task.flags = TRACKD_REPLACE;
	assert_int_equal(create_with(task), 0);
	task.owner = NULL;
	assert_int_equal(create_with(task), TRACKD_E_EXISTS);
	for (int i = 1; i < CAPACITY; i++) {
		snprintf(id, sizeof id, "id-%d", i);
		create(id);
	}
	task = good;
	task.id = "one-more";
	assert_int_equal(create_with(task), TRACKD_E_FULL);
}

static void omitted_texts_have_the_documented_defaults(void **state)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_ref ref;

	(void)state;
	ref = create("a");
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_string_equal(task.name, "a");
	assert_string_equal(task.message, "Queued for processing");
	assert_string_equal(task.status, "pending");
	assert_string_equal(task.kind_name, "document");
	assert_int_equal(trackd_complete(writer, ref, NULL), 0);
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_string_equal(task.message, "Processing complete");
	ref = create("b");
	assert_int_equal(trackd_fail(writer, ref, NULL), 0);
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_string_equal(task.message, "Processing failed");
	assert_string_equal(task.error, "Unknown error");
	ref = create("c");
	assert_int_equal(trackd_cancelled(writer, ref, NULL), 0);
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_string_equal(task.message, "Cancelled");
	ref = create("d");
	assert_int_equal(trackd_cancel(writer, ref), TRACKD_CANCEL_ENDED);
	ref = create("e");
	assert_int_equal(trackd_update(writer, ref, 0, NULL), 0);
	assert_int_equal(trackd_cancel_requested(reader, ref), 0);
	assert_int_equal(trackd_cancel(writer, ref), TRACKD_CANCEL_ASKED);
	assert_int_equal(trackd_cancel_requested(reader, ref), 1);
}

static void expect_unchanged(struct trackd_ref ref, const struct trackd_task *before)
{
	struct trackd_task after = TRACKD_TASK_INIT;

	assert_int_equal(trackd_copy(reader, ref, &after), 0);
	assert_int_equal(after.revision, before->revision);
	assert_int_equal(after.state, before->state);
	assert_int_equal(after.reason, before->reason);
	assert_int_equal(after.updated_ns, before->updated_ns);
	assert_string_equal(after.message, before->message);
}

/* Cancelling a cancelled task is not an error and changes nothing. */
static void cancelling_again_changes_nothing(void **state)
{
	struct trackd_ref pending = create("a"), active = create("b"), failed = create("c");
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	assert_int_equal(trackd_cancel(writer, pending), TRACKD_CANCEL_ENDED);
	assert_int_equal(trackd_copy(reader, pending, &task), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(trackd_cancel(writer, pending), TRACKD_CANCEL_ENDED);
	expect_unchanged(pending, &task);
	assert_int_equal(trackd_update(writer, active, 0, NULL), 0);
	assert_int_equal(trackd_cancel(writer, active), TRACKD_CANCEL_ASKED);
	assert_int_equal(trackd_copy(reader, active, &task), 0);
	assert_int_equal(trackd_cancel(writer, active), TRACKD_CANCEL_ASKED);
	expect_unchanged(active, &task);
	assert_int_equal(trackd_cancelled(writer, active, "Stopped"), 0);
	assert_int_equal(trackd_copy(reader, active, &task), 0);
	assert_int_equal(trackd_cancel(writer, active), TRACKD_CANCEL_ENDED);
	expect_unchanged(active, &task);
	assert_int_equal(trackd_cancelled(writer, active, NULL), TRACKD_E_FINAL);
	assert_int_equal(trackd_fail(writer, failed, NULL), 0);
	assert_int_equal(trackd_cancel(writer, failed), TRACKD_E_FINAL);
	assert_int_equal(trackd_remove(writer, pending), 0);
	assert_int_equal(trackd_cancel(writer, pending), TRACKD_E_GONE);
}

/* Each call that changes a task. */
static int change(int n, struct trackd_ref ref)
{
	switch (n) {
	case 0:
		return trackd_update(writer, ref, 0, NULL);
	case 1:
		return trackd_set_total(writer, ref, 1);
	case 2:
		return trackd_set_progress(writer, ref, 1, 1);
	case 3:
		return trackd_complete(writer, ref, NULL);
	case 4:
		return trackd_fail(writer, ref, NULL);
	case 5:
		return trackd_cancelled(writer, ref, NULL);
	case 6:
		return trackd_cancel(writer, ref);
	case 7:
		return trackd_advance(writer, ref, 1);
	default:
		return trackd_remove(writer, ref);
	}
}

enum { CHANGES = 9, FINAL_REFUSES = 8, ADVANCE = 7 };

static void changing_fails_as_documented(void **state)
{
	struct trackd_ref ref = create("a");

	(void)state;
	assert_int_equal(trackd_update(writer, ref, 5, NULL), TRACKD_E_STAGE);
	assert_int_equal(trackd_update(writer, ref, -2, NULL), TRACKD_E_STAGE);
	assert_int_equal(trackd_set_total(writer, ref, TRACKD_WORK_MAX + 1), TRACKD_E_OVERFLOW);
	assert_int_equal(trackd_set_progress(writer, ref, TRACKD_WORK_MAX + 1, 0),
			 TRACKD_E_OVERFLOW);
	assert_int_equal(trackd_advance(writer, ref, UINT64_MAX), TRACKD_E_OVERFLOW);
	assert_int_equal(trackd_complete(writer, ref, NULL), 0);
	for (int n = 0; n < FINAL_REFUSES; n++)
		assert_int_equal(change(n, ref), TRACKD_E_FINAL);
	assert_int_equal(trackd_remove(writer, ref), 0);
	for (int n = 0; n < CHANGES; n++)
		assert_int_equal(change(n, ref), TRACKD_E_GONE);
}

static void a_stopped_holder_makes_it_busy_within_the_timeout(void **state)
{
	struct trackd_ref ref = create("a");
	struct trackd_task before = TRACKD_TASK_INIT;
	struct trackd_task after = TRACKD_TASK_INIT;

	(void)state;
	pid_t pid = client_holding_record(&linked.board, ref_in(&linked.board, ref));
	harness_stop(pid);
	assert_int_equal(trackd_copy(reader, ref, &before), 0); /* readers never wait */
	for (int n = 0; n < CHANGES; n++)
		if (n != ADVANCE) /* takes no lock */
			assert_int_equal(change(n, ref), TRACKD_E_BUSY);
	assert_int_equal(change(ADVANCE, ref), 0);
	assert_int_equal(trackd_copy(reader, ref, &after), 0);
	assert_int_equal(after.revision, before.revision);
	harness_kill(pid, SIGKILL);
	assert_int_equal(change(0, ref), 0);
}

/* ---- Reading ------------------------------------------------------------- */

static void reading_fails_as_documented(void **state)
{
	char longest[80];
	struct trackd_ref ref = create("a"), found = { 4711, 0 };
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_iter iter;
	struct trackd_kind kind = TRACKD_KIND_INIT;
	struct trackd_stats stats = { .size = 8 };

	(void)state;
	memset(longest, 'o', sizeof longest);
	longest[TRACKD_OWNER_MAX + 1] = '\0';
	assert_int_equal(trackd_lookup(reader, "b", &found), TRACKD_E_NOT_FOUND);
	assert_int_equal(trackd_lookup(reader, "b c", &found), TRACKD_E_KEY);
	assert_int_equal(trackd_lookup(reader, "", &found), TRACKD_E_KEY);
	assert_int_equal(found.slot, 4711);
	assert_int_equal(trackd_iter_owner(reader, longest, &iter), TRACKD_E_KEY);
	assert_int_equal(trackd_kind_find(reader, "k"), TRACKD_E_KIND);
	assert_int_equal(trackd_kind_get(reader, 1, &kind), TRACKD_E_KIND);
	assert_int_equal(trackd_stage_find(reader, 1, "s"), TRACKD_E_KIND);
	assert_int_equal(trackd_stage_find(reader, 0, "s"), TRACKD_E_STAGE);
	assert_int_equal(trackd_stats(reader, &stats), -EINVAL);
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_int_equal(trackd_worker_alive(&task), -ENOENT);
	assert_int_equal(trackd_update(writer, ref, 0, NULL), 0);
	assert_int_equal(trackd_copy(reader, ref, &task), 0);
	assert_int_equal(trackd_worker_alive(&task), 1);
	task.worker_start -= 2;
	assert_int_equal(trackd_worker_alive(&task), 0);
	assert_int_equal(trackd_remove(writer, ref), 0);
	assert_int_equal(trackd_get(reader, ref, &view), TRACKD_E_GONE);
	assert_int_equal(trackd_copy(reader, ref, &task), TRACKD_E_GONE);
	assert_int_equal(trackd_cancel_requested(reader, ref), TRACKD_E_GONE);
	assert_int_equal(trackd_wait(reader, ref, TRACKD_WAIT_FINAL, NULL, 0), TRACKD_E_GONE);
	assert_int_equal(trackd_dispatch(reader), -EBADF);
}

static void statistics_count_the_tasks(void **state)
{
	struct trackd_stats stats = { .size = sizeof stats }, less = { .size = 100 };
	uint8_t id[16];

	(void)state;
	create("a");
	assert_int_equal(trackd_update(writer, create("b"), 0, NULL), 0);
	assert_int_equal(trackd_complete(writer, create("c"), NULL), 0);
	assert_int_equal(trackd_remove(writer, create("d")), 0);
	assert_int_equal(trackd_stats(reader, &stats), 0);
	assert_string_equal(stats.board, linked.name);
	trackd_board_id(reader, id);
	assert_memory_equal(stats.board_id, id, 16);
	assert_int_equal(stats.capacity, CAPACITY);
	assert_int_equal(stats.used, 3);
	assert_int_equal(stats.completed, 1);
	assert_int_equal(stats.n_removed, 1);
	assert_int_equal(stats.clients, 1);
	memset((char *)&less + 100, 0x5a, sizeof less - 100);
	assert_int_equal(trackd_stats(reader, &less), 0); /* of an older program */
	for (size_t i = 100; i < sizeof less; i++)
		assert_int_equal(((unsigned char *)&less)[i], 0x5a);
	assert_int_equal(less.used, 3);
}

/* ---- Texts --------------------------------------------------------------- */

static void every_error_has_its_words(void **state)
{
	static const struct {
		int value;
		const char *text;
	} known[] = {
#define ROW(error, value, text) { value, text },
		TRACKD_ERRORS(ROW)
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		assert_string_equal(trackd_strerror(known[i].value), known[i].text);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(known[i].value, known[j].value);
	}
	assert_string_equal(trackd_strerror(0), "success");
	assert_string_equal(trackd_strerror(-ENOMEM), strerrordesc_np(ENOMEM));
	assert_string_equal(trackd_strerror(-29999), "unknown error");
	assert_string_equal(trackd_version(), TRACKD_VERSION);
	assert_string_equal(trackd_state_name((enum trackd_state)77), "unknown");
	assert_string_equal(trackd_reason_name(TRACKD_REASON_HOST_RESTART), "host_restart");
}

#define OWN_BOARD(test) CONNECTED_ALONE(test, CAPACITY, TIMEOUT_MS)

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_reader_may_write_nothing),
	OWN_BOARD(creating_fails_as_documented),
	OWN_BOARD(omitted_texts_have_the_documented_defaults),
	OWN_BOARD(cancelling_again_changes_nothing),
	OWN_BOARD(changing_fails_as_documented),
	CONNECTED_ALONE(a_stopped_holder_makes_it_busy_within_the_timeout, CAPACITY, TIMEOUT_MS),
	OWN_BOARD(reading_fails_as_documented),
	OWN_BOARD(statistics_count_the_tasks),
	cmocka_unit_test(every_error_has_its_words),
};

SUITE(tests)
