/* SPDX-License-Identifier: MIT */
/* Reading: a view and a copy each show one consistent version, whatever the writer is doing. */
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include "tests/harness/stepped.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CAPACITY = 64 };

static int update(struct trackd_ref ref, int stage, const char *message)
{
	return record_update(&own_board, ref, stage, message, 0, harness_soon());
}

/* ---- One version --------------------------------------------------------- */

static void expect_same(struct trackd_ref ref)
{
	struct trackd_view view = own_view(ref);
	struct trackd_task task = TRACKD_TASK_INIT;

	assert_int_equal(view_copy(&own_board, ref, board_coarse_ns(&own_board), &task), 0);
	struct trackd_ref public = ref_out(&own_board, task.ref);

	assert_memory_equal(&view.ref, &public, sizeof public);
	assert_int_equal(view.revision, task.revision);
	assert_int_equal(view.done, task.done);
	assert_int_equal(view.total, task.total);
	assert_int_equal(view.state, task.state);
	assert_int_equal(view.reason, task.reason);
	assert_int_equal(view.stage, task.stage);
	assert_int_equal(view.kind, task.kind);
	assert_int_equal(view.flags, task.flags & ~TRACKD_NAME_CUT);
	assert_string_equal(trackd_view_id(&view), task.id);
	assert_string_equal(trackd_view_owner(&view), task.owner);
	assert_string_equal(trackd_view_name(&view), task.name);
	assert_string_equal(trackd_view_message(&view), task.message);
	assert_string_equal(trackd_view_error(&view), task.error);
	assert_string_equal(trackd_view_status(&view), task.status);
	assert_int_equal(trackd_view_progress(&view), task.progress);
	assert_true(trackd_view_valid(&view));
}

static void a_copy_equals_a_view(void **state)
{
	const struct record_end failed = {
		TRACKD_FAILED, TRACKD_REASON_ERROR, "sorry", "why", 0, 0
	};
	struct trackd_ref ref = own_create("task", "alice");

	(void)state;
	expect_same(ref);
	for (int stage = 0; stage < 5; stage++) {
		assert_int_equal(update(ref, stage, "at it"), 0);
		assert_int_equal(record_set_total(&own_board, ref, 10, harness_soon()), 0);
		assert_int_equal(record_advance(&own_board, ref, 3), 0);
		expect_same(ref);
	}
	assert_int_equal(record_cancel(&own_board, ref, harness_soon()), 0);
	expect_same(ref);
	assert_int_equal(record_end(&own_board, ref, &failed, harness_soon()), 0);
	expect_same(ref);
}

static void the_status_is_the_stage_while_active_and_the_state_otherwise(void **state)
{
	static const char *const stages[] = { "extracting", "chunking", "embedding", "indexing",
					      "summarizing" };
	static const char *const ends[] = { "completed", "failed", "cancelled" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct record_end end = { (enum trackd_state)(TRACKD_COMPLETED + i),
					  TRACKD_REASON_NONE,
					  "m",
					  NULL,
					  0,
					  0 };
		struct trackd_ref ref = own_create(ends[i], NULL);
		struct trackd_view view = own_view(ref);
		assert_string_equal(trackd_view_status(&view), "pending");
		for (int stage = 0; stage < 5; stage++) {
			assert_int_equal(update(ref, stage, NULL), 0);
			view = own_view(ref);
			assert_string_equal(trackd_view_status(&view), stages[stage]);
		}
		assert_int_equal(record_end(&own_board, ref, &end, harness_soon()), 0);
		view = own_view(ref);
		assert_string_equal(trackd_view_status(&view), ends[i]);
	}
}

static void a_view_is_valid_until_the_record_changes(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);
	struct trackd_view view = own_view(ref);

	(void)state;
	assert_int_equal(record_advance(&own_board, ref, 1), 0); /* publishes nothing */
	assert_true(trackd_view_valid(&view));
	assert_int_equal(update(ref, TRACKD_STAGE_KEEP, "another"), 0);
	assert_false(trackd_view_valid(&view));
	view = own_view(ref);
	assert_int_equal(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_soon()), 0);
	assert_false(trackd_view_valid(&view));
}

/* The revision distinguishes two versions after the version has wrapped around at 2^30. */
static void a_stamp_that_came_round_is_another(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);
	struct trackd_view view = own_view(ref);
	uint64_t stamp = own_board.heads[ref.slot].stamp;

	(void)state;
	assert_int_equal(update(ref, 0, NULL), 0);
	assert_int_equal(update(ref, 1, NULL), 0); /* the same copy again */
	own_board.heads[ref.slot].stamp = stamp;
	assert_false(trackd_view_valid(&view));
}

static void a_writer_that_stops_in_the_middle_is_not_seen(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);
	struct trackd_task before = TRACKD_TASK_INIT;
	struct trackd_task after = TRACKD_TASK_INIT;

	(void)state;
	assert_int_equal(update(ref, 2, "whole"), 0);
	assert_int_equal(record_set_progress(&own_board, ref, 3, 9, harness_soon()), 0);
	struct trackd_view view = own_view(ref);
	assert_int_equal(view_copy(&own_board, ref, 0, &before), 0);
	/* A writer that fills the other copy and does not publish it. */
	uint64_t version = stamp_version(own_board.heads[ref.slot].stamp);
	assert_int_equal(slot_lock(&own_board, ref.slot, harness_soon()), 0);
	memset(&own_board.bodies[ref.slot].copy[~version & 1], 0xee, sizeof(struct layout_copy));
	assert_true(trackd_view_valid(&view));
	assert_int_equal(view_copy(&own_board, ref, 0, &after), 0);
	assert_memory_equal(&before, &after, sizeof before);
	expect_same(ref);
	slot_unlock(&own_board, ref.slot);
	assert_int_equal(update(ref, TRACKD_STAGE_KEEP, NULL), 0); /* the next writer can */
	expect_same(ref);
}

/* ---- During writes ------------------------------------------------------- */

struct scene {
	struct trackd_ref ref;
	int error;
	bool valid; /* what was seen must belong together */
	struct trackd_task seen;
};

static void rewrite(void *data)
{
	struct scene *scene = data;

	/* Write both copies, so that the copy being read is overwritten. */
	HARNESS_MUST(record_update(&own_board, scene->ref, 3, "new", 0, harness_soon()));
	HARNESS_MUST(record_set_progress(&own_board, scene->ref, 7, 70, harness_soon()));
}

static void look(void *data)
{
	struct scene *scene = data;
	struct trackd_task *seen = &scene->seen;
	struct trackd_view view = TRACKD_VIEW_INIT;

	scene->error = view_get(&own_board, scene->ref, 0, &view);
	if (scene->error < 0)
		return;
	snprintf(seen->message, sizeof seen->message, "%s", trackd_view_message(&view));
	seen->stage = view.stage;
	seen->done = view.done;
	seen->total = view.total;
	scene->valid = trackd_view_valid(&view);
}

static void copy(void *data)
{
	struct scene *scene = data;

	scene->error = view_copy(&own_board, scene->ref, 0, &scene->seen);
	scene->valid = true;
}

static void begin(struct scene *scene)
{
	own_board.header->cursor = 0;
	scene->ref = own_create("task", NULL);
	HARNESS_MUST(record_update(&own_board, scene->ref, 1, "old", 0, harness_soon()));
	HARNESS_MUST(record_set_progress(&own_board, scene->ref, 1, 10, harness_soon()));
}

static void finish(struct scene *scene)
{
	own_remove(scene->ref);
}

static bool belongs_together(const struct trackd_task *seen)
{
	uint64_t done = seen->done, total = seen->total;

	return seen->stage == 1 ? done == 1 && total == 10 && strcmp(seen->message, "old") == 0
				: seen->stage == 3 && done == 7 && total == 70 &&
					  strcmp(seen->message, "new") == 0;
}

#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 7, COPY_STRIDE = 211 };
#else
enum { STRIDE = 1, COPY_STRIDE = 29 };
#endif

static void read_while_it_is_written(void (*read_it)(void *), unsigned stride)
{
	static struct scene scene;
	const struct trackd_task *seen = &scene.seen;
	bool interfered = true;

	HARNESS_NEEDS(stepped_possible(), "this processor has no trap flag");
	for (unsigned n = 1; interfered; n += stride) {
		begin(&scene);
		interfered = stepped_run(read_it, rewrite, &scene, n);
		assert_int_equal(scene.error, 0);
		if (scene.valid && !belongs_together(seen))
			fail_msg("at instruction %u: stage %d, %d of %d, %s", n, seen->stage,
				 (int)seen->done, (int)seen->total, seen->message);
		finish(&scene);
	}
}

static void a_view_is_of_one_version_or_says_that_it_is_not(void **state)
{
	(void)state;
	read_while_it_is_written(look, STRIDE);
}

static void a_copy_is_of_one_version(void **state)
{
	(void)state;
	read_while_it_is_written(copy, COPY_STRIDE);
}

static struct trackd_ref hunted;
static unsigned n_moved;

static void protect(void *start, size_t size, int protection)
{
	if (mprotect(start, size, protection) < 0)
		_exit(3);
}

/* Heads and bodies are accessible only in turn. So a reader that has read the stamp faults here
 * before it reads the body, and finds another stamp afterwards. */
static void move_on(int signal, siginfo_t *info, void *context)
{
	enum {
		HEADS = CAPACITY * sizeof(struct layout_head),
		BODIES = CAPACITY * sizeof(struct layout_body)
	};
	char *at = info->si_addr, *heads = (char *)own_board.heads,
	     *bodies = (char *)own_board.bodies;

	(void)signal;
	(void)context;
	if (at >= heads && at < heads + HEADS) {
		protect(heads, HEADS, PROT_READ | PROT_WRITE);
		protect(bodies, BODIES, PROT_NONE);
	} else if (at >= bodies && at < bodies + BODIES) {
		protect(bodies, BODIES, PROT_READ | PROT_WRITE);
		own_board.heads[hunted.slot].stamp += 1 << 2;
		n_moved++;
		protect(heads, HEADS, PROT_NONE);
	} else {
		_exit(2);
	}
}

static int hunt(bool copy_it)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;

	action.sa_sigaction = move_on;
	if (sigaction(SIGSEGV, &action, NULL) < 0)
		return 4;
	protect(own_board.heads, CAPACITY * sizeof(struct layout_head), PROT_NONE);
	int error = copy_it ? view_copy(&own_board, hunted, 0, &task)
			    : view_get(&own_board, hunted, 0, &view);
	return error == -EAGAIN && n_moved >= 1000 ? 0 : 1;
}

static void a_reader_gives_up_after_a_thousand_versions(void **state)
{
	(void)state;
	hunted = own_create("task", NULL);
	for (int i = 0; i < 2; i++) {
		pid_t pid = harness_fork();
		if (pid == 0)
			_exit(hunt(i == 1));
		assert_int_equal(harness_reap(pid), 0);
	}
}

/* ---- Removed tasks ------------------------------------------------------- */

static void expired_tasks_are_gone_for_readers(void **state)
{
	struct trackd_ref ref = own_create("task", "alice"), found;
	uint64_t deadline = own_board.heads[ref.slot].deadline;
	struct trackd_view view = { .revision = 4711 };
	struct trackd_task task = TRACKD_TASK_INIT;
	struct trackd_iter iter;

	(void)state;
	assert_int_equal(view_lookup(&own_board, "task", deadline - 1, &found), 0);
	assert_int_equal(view_get(&own_board, ref, deadline - 1, &view), 0);
	assert_int_equal(view_copy(&own_board, ref, deadline - 1, &task), 0);
	assert_int_equal(view_lookup(&own_board, "task", deadline, &found), TRACKD_E_NOT_FOUND);
	assert_int_equal(view_get(&own_board, ref, deadline, &view), TRACKD_E_GONE);
	assert_int_equal(view_copy(&own_board, ref, deadline, &task), TRACKD_E_GONE);
	own_board.heads[ref.slot].deadline = 1;
	view_iter_all(&own_board, &iter);
	assert_int_equal(view_next(&iter, &found), 0);
	view_iter_owner(&own_board, "alice", &iter);
	assert_int_equal(view_next(&iter, &found), 0);
}

static void invalid_references_are_gone(void **state)
{
	struct trackd_ref ref = own_create("task", NULL);
	const struct trackd_ref bad[] = { { CAPACITY, ref.generation },
					  { UINT32_MAX, ref.generation },
					  { ref.slot, ref.generation + 1 },
					  { ref.slot + 1, ref.generation } };
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(view_get(&own_board, bad[i], 0, &view), TRACKD_E_GONE);
		assert_int_equal(view_copy(&own_board, bad[i], 0, &task), TRACKD_E_GONE);
		assert_int_equal(view_cancel_requested(&own_board, bad[i]), TRACKD_E_GONE);
	}
	assert_int_equal(view_cancel_requested(&own_board, ref), 0);
	assert_int_equal(update(ref, 0, NULL), 0);
	assert_int_equal(record_cancel(&own_board, ref, harness_soon()), 0);
	assert_int_equal(view_cancel_requested(&own_board, ref), 1);
}

/* ---- Garbage ------------------------------------------------------------- */

static void strings_without_an_end_are_empty_in_place_and_cut_in_a_copy(void **state)
{
	struct trackd_ref ref = own_create("task", "alice");
	struct layout_detail *detail = &own_board.details[ref.slot];
	struct layout_body *body = &own_board.bodies[ref.slot];
	struct trackd_task task = TRACKD_TASK_INIT;

	(void)state;
	memset(body->id, 'i', LAYOUT_ID);
	memset(detail->owner, 'o', LAYOUT_OWNER);
	memset(detail->name, 'n', LAYOUT_NAME);
	memset(detail->error, 'e', LAYOUT_ERROR);
	memset(body->copy[0].message, 'm', LAYOUT_MESSAGE);
	body->copy[0].message_len = UINT8_MAX;
	body->copy[0].flags = COPY_ERROR;
	body->copy[0].stage = 200;
	body->copy[0].state = 77;
	own_board.heads[ref.slot].hint = UINT32_MAX;
	struct trackd_view view = own_view(ref);
	assert_string_equal(trackd_view_id(&view), "");
	assert_string_equal(trackd_view_owner(&view), "");
	assert_string_equal(trackd_view_name(&view), "");
	assert_string_equal(trackd_view_message(&view), "");
	assert_string_equal(trackd_view_error(&view), "");
	assert_string_equal(trackd_view_status(&view), "unknown");
	assert_int_equal(trackd_view_progress(&view), 0);
	assert_int_equal(view.stage, -1);
	assert_int_equal(view_copy(&own_board, ref, 0, &task), 0);
	assert_int_equal(strlen(task.id), TRACKD_ID_MAX);
	assert_int_equal(strlen(task.error), TRACKD_ERROR_MAX);
	assert_int_equal(strlen(task.message), TRACKD_MESSAGE_MAX);
	assert_string_equal(task.status, "unknown");
	assert_int_equal(task.n_stages, 0);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(a_copy_equals_a_view, CAPACITY),
	OWN_BOARD(the_status_is_the_stage_while_active_and_the_state_otherwise, CAPACITY),
	OWN_BOARD(a_view_is_valid_until_the_record_changes, CAPACITY),
	OWN_BOARD(a_stamp_that_came_round_is_another, CAPACITY),
	OWN_BOARD(a_writer_that_stops_in_the_middle_is_not_seen, CAPACITY),
	OWN_BOARD(a_view_is_of_one_version_or_says_that_it_is_not, CAPACITY),
	OWN_BOARD(a_copy_is_of_one_version, CAPACITY),
	OWN_BOARD(a_reader_gives_up_after_a_thousand_versions, CAPACITY),
	OWN_BOARD(expired_tasks_are_gone_for_readers, CAPACITY),
	OWN_BOARD(invalid_references_are_gone, CAPACITY),
	OWN_BOARD(strings_without_an_end_are_empty_in_place_and_cut_in_a_copy, CAPACITY),
};

SUITE(tests)
