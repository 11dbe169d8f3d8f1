/* SPDX-License-Identifier: MIT */
/* Time limits under the record's lock, keepers, and workers that die after a request to cancel. Time
 * passes by moving a record's own times back. */
#include "libclient/record/limits.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/harness/counting.h"
#include "tests/harness/own_board.h"
#include <string.h>

enum { CAPACITY = 64, LIMIT_MS = 5000 };

static struct trackd_ref create(struct tenant_new task)
{
	struct trackd_ref ref;

	task.id = "a";
	task.owner = task.name = task.message = "";
	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
	return ref;
}

static struct layout_copy *copy_of(struct trackd_ref ref)
{
	uint64_t version = stamp_version(own_board.heads[ref.slot].stamp);

	return &own_board.bodies[ref.slot].copy[version & 1];
}

/* Let this much time pass since the creation, or since the last update. */
static void age(struct trackd_ref ref, uint64_t ms)
{
	own_board.details[ref.slot].created -= ms * NS_PER_MS;
	copy_of(ref)->updated -= ms * NS_PER_MS;
}

static void is_timed_out(struct trackd_ref ref, const char *error)
{
	struct trackd_task task = own_task(ref);

	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, TRACKD_REASON_TIMED_OUT);
	assert_string_equal(task.message, "Processing failed");
	assert_string_equal(task.error, error);
	own_remove(ref);
}

/* ---- Writers ------------------------------------------------------------- */

static int message(struct trackd_ref ref)
{
	return record_update(&own_board, ref, TRACKD_STAGE_KEEP, "late", OWN_WORKER,
			     harness_soon());
}

static int stage(struct trackd_ref ref)
{
	return own_update(ref, TRACKD_INDEXING);
}

static int total(struct trackd_ref ref)
{
	return record_set_total(&own_board, ref, 9, harness_soon());
}

static int progress(struct trackd_ref ref)
{
	return record_set_progress(&own_board, ref, 3, 9, harness_soon());
}

static int complete(struct trackd_ref ref)
{
	return own_end(ref, TRACKD_COMPLETED);
}

static int end_failed(struct trackd_ref ref)
{
	return own_end(ref, TRACKD_FAILED);
}

static int cancel(struct trackd_ref ref)
{
	return record_cancel(&own_board, ref, harness_soon());
}

static int look(struct trackd_ref ref)
{
	return record_limit(&own_board, ref, harness_soon());
}

static int (*const writers[])(struct trackd_ref) = { message,  stage,      total,  progress,
						     complete, end_failed, cancel, look };

enum { N_WRITERS = sizeof writers / sizeof writers[0] };

static void every_writer_ends_what_has_passed_a_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_WRITERS; i++) {
		struct trackd_ref ref = create((struct tenant_new){ .within.finish = LIMIT_MS });
		HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
		age(ref, LIMIT_MS);
		uint64_t refused = own_board.header->counters.refused_final;
		uint64_t failed = own_board.header->counters.failed;
		uint64_t timed_out = own_board.header->counters.timed_out;
		assert_int_equal(writers[i](ref), TRACKD_E_FINAL);
		assert_int_equal(own_board.header->counters.refused_final, refused + 1);
		assert_int_equal(own_board.header->counters.failed, failed + 1);
		assert_int_equal(own_board.header->counters.timed_out, timed_out + 1);
		assert_int_equal(message(ref), TRACKD_E_FINAL);
		is_timed_out(ref, "did not finish within 5 s in embedding (finish_within)");
	}
}

static void a_limit_is_exact(void **state)
{
	(void)state;
	struct trackd_ref ref = create((struct tenant_new){ .within.finish = LIMIT_MS });

	age(ref, LIMIT_MS - 1000);
	assert_int_equal(message(ref), 0);
	own_remove(ref);
	ref = create((struct tenant_new){ .within.finish = 20 });
	uint64_t end = own_board.details[ref.slot].created + 20 * NS_PER_MS;
	int error;
	uint64_t before, after;
	do {
		before = clock_boot_ns();
		error = message(ref);
		after = clock_boot_ns();
		assert_true(error == 0 ? before < end : after >= end);
	} while (error == 0);
	is_timed_out(ref, "did not finish within 20 ms and never started (finish_within)");
}

static void start_within_ends_only_the_pending(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .within.start = LIMIT_MS });

	(void)state;
	HARNESS_MUST(message(ref));
	age(ref, LIMIT_MS);
	assert_int_equal(stage(ref), TRACKD_E_FINAL);
	is_timed_out(ref, "did not start within 5 s (start_within)");
	ref = create((struct tenant_new){ .within.start = LIMIT_MS });
	HARNESS_MUST(stage(ref));
	age(ref, LIMIT_MS);
	for (size_t i = 0; i < N_WRITERS; i++)
		if (writers[i] == message || writers[i] == look)
			assert_int_equal(writers[i](ref), 0);
	own_remove(ref);
}

static void active_ttl_ends_who_has_a_worker(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .active_ttl_ms = 90000 });

	(void)state;
	HARNESS_MUST(own_update(ref, TRACKD_CHUNKING));
	age(ref, 89000);
	assert_int_equal(message(ref), 0);
	age(ref, 90000);
	assert_int_equal(message(ref), TRACKD_E_FINAL);
	is_timed_out(ref, "was not updated for 90 s in chunking (active_ttl)");

	ref = create((struct tenant_new){ .active_ttl_ms = 90000 });
	HARNESS_MUST(record_update(&own_board, ref, 1, NULL, 0, harness_soon()));
	age(ref, 90000);
	assert_int_equal(message(ref), 0);
	own_remove(ref);

	ref = create((struct tenant_new){ 0 });
	HARNESS_MUST(own_update(ref, TRACKD_CHUNKING));
	age(ref, TRACKD_ACTIVE_TTL_DEFAULT_MS);
	assert_int_equal(message(ref), TRACKD_E_FINAL);
	is_timed_out(ref, "was not updated for 24 h in chunking (active_ttl)");
}

static void without_limits_nothing_ends(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .active_ttl_ms = TRACKD_TTL_NEVER });

	(void)state;
	HARNESS_MUST(own_update(ref, TRACKD_CHUNKING));
	own_board.details[ref.slot].created = copy_of(ref)->updated = 1;
	assert_int_equal(message(ref), 0);
	assert_int_equal(look(ref), 0);
	own_remove(ref);
}

static void what_is_final_stays_as_it_is(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .within.finish = LIMIT_MS });

	(void)state;
	own_complete(ref);
	age(ref, LIMIT_MS);
	assert_int_equal(message(ref), TRACKD_E_FINAL);
	assert_int_equal(look(ref), 0);
	assert_int_equal(own_view(ref).state, TRACKD_COMPLETED);
	own_remove(ref);
}

static void the_first_limit_that_passed_is_named(void **state)
{
	struct trackd_ref ref = create(
		(struct tenant_new){ .within.start = 2 * LIMIT_MS, .within.finish = LIMIT_MS });

	(void)state;
	age(ref, 3ul * LIMIT_MS);
	assert_int_equal(look(ref), TRACKD_E_FINAL);
	is_timed_out(ref, "did not finish within 5 s and never started (finish_within)");
	ref = create(
		(struct tenant_new){ .within.start = LIMIT_MS, .within.finish = 2 * LIMIT_MS });
	age(ref, 3ul * LIMIT_MS);
	assert_int_equal(look(ref), TRACKD_E_FINAL);
	is_timed_out(ref, "did not start within 5 s (start_within)");
}

/* ---- The daemon's judgement ---------------------------------------------- */

static void a_stalled_task_is_ended_only_as_it_was_seen(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .within.progress = 2000 });
	struct limits seen;

	(void)state;
	assert_true(limits_read(&own_board, ref, &seen));
	assert_int_equal(seen.progress_ms, 0); /* it is pending */
	assert_int_equal(record_stalled(&own_board, ref, seen.updated, seen.work, harness_soon()),
			 -EAGAIN);
	HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
	assert_true(limits_read(&own_board, ref, &seen));
	assert_int_equal(seen.progress_ms, 2000);
	HARNESS_MUST(record_advance(&own_board, ref, 1));
	assert_int_equal(record_stalled(&own_board, ref, seen.updated, seen.work, harness_soon()),
			 -EAGAIN);
	HARNESS_MUST(record_advance(&own_board, ref, 1)); /* its counter is open */
	assert_true(limits_read(&own_board, ref, &seen));
	HARNESS_MUST(message(ref));
	assert_int_equal(record_stalled(&own_board, ref, seen.updated, seen.work, harness_soon()),
			 -EAGAIN);
	assert_true(limits_read(&own_board, ref, &seen));
	HARNESS_MUST(record_stalled(&own_board, ref, seen.updated, seen.work, harness_soon()));
	assert_int_equal(record_advance(&own_board, ref, 1), TRACKD_E_FINAL);
	assert_int_equal(message(ref), TRACKD_E_FINAL);
	assert_false(limits_read(&own_board, ref, &seen));
	assert_int_equal(own_view(ref).done, 2);
	is_timed_out(ref, "made no progress for 2 s in embedding (progress_within)");
}

static void limits_are_read_without_a_lock(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){
		.within.start = 1000, .within.finish = 9000, .active_ttl_ms = 4000 });
	uint64_t created = own_board.details[ref.slot].created;
	struct limits seen;

	(void)state;
	assert_true(limits_read(&own_board, ref, &seen));
	assert_int_equal(seen.fixed, created + 1000 * NS_PER_MS);
	assert_int_equal(seen.active_ttl, UINT64_MAX);
	HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
	assert_true(limits_read(&own_board, ref, &seen));
	assert_int_equal(seen.fixed, created + 9000 * NS_PER_MS);
	assert_int_equal(seen.active_ttl, copy_of(ref)->updated + 4000 * NS_PER_MS);
	own_board.details[ref.slot].created = 0 - 10000 * NS_PER_MS; /* before this boot */
	assert_true(limits_read(&own_board, ref, &seen));
	assert_int_equal(seen.fixed, 0);
	assert_int_equal(look(ref), TRACKD_E_FINAL);
	own_remove(ref);
	assert_false(limits_read(&own_board, ref, &seen));
}

static void limits_are_shown_and_imported(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){
		.within.start = 1, .within.progress = 2, .within.finish = UINT32_MAX - 1 });
	struct trackd_task task = own_task(ref);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(task.start_within_ms, 1);
		assert_int_equal(task.progress_within_ms, 2);
		assert_int_equal(task.finish_within_ms, UINT32_MAX - 1);
		own_remove(ref);
		HARNESS_MUST(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
					   harness_soon(), &ref));
		assert_true((own_board.heads[ref.slot].hint & HINT_LIMITED) != 0);
		task = own_task(ref);
	}
	own_remove(ref);
	task = own_task(ref = create((struct tenant_new){ .within.finish = TRACKD_TTL_NEVER }));
	assert_int_equal(task.start_within_ms | task.progress_within_ms | task.finish_within_ms, 0);
	own_remove(ref);
}

/* ---- Keepers, and requests to cancel -------------------------------------- */

static int lose(struct trackd_ref ref, uint64_t worker)
{
	const struct record_end how = { .state = TRACKD_FAILED,
					.reason = TRACKD_REASON_WORKER_LOST,
					.message = "lost",
					.error = "it died",
					.only_worker = worker };

	return record_end(&own_board, ref, &how, harness_soon());
}

static void a_keeper_answers_until_the_first_stage(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ .keeper = OWN_WORKER });

	(void)state;
	assert_int_equal(hint_entry(own_board.heads[ref.slot].hint), (uint16_t)OWN_WORKER);
	HARNESS_MUST(message(ref));
	assert_int_equal(lose(ref, OWN_WORKER + 1), -EAGAIN);
	HARNESS_MUST(lose(ref, OWN_WORKER));
	assert_int_equal(own_view(ref).reason, TRACKD_REASON_WORKER_LOST);
	own_remove(ref);

	ref = create((struct tenant_new){ .keeper = OWN_WORKER });
	HARNESS_MUST(record_update(&own_board, ref, 0, NULL, OWN_WORKER + 1, harness_soon()));
	assert_int_equal(lose(ref, OWN_WORKER), -EAGAIN);
	own_remove(ref);

	ref = create((struct tenant_new){ .keeper = OWN_WORKER });
	HARNESS_MUST(record_update(&own_board, ref, 0, NULL, 0, harness_soon()));
	assert_int_equal(copy_of(ref)->worker, 0);
	assert_int_equal(lose(ref, OWN_WORKER), -EAGAIN);
	own_remove(ref);
}

static void who_dies_after_a_request_to_cancel_has_cancelled(void **state)
{
	struct trackd_ref ref = create((struct tenant_new){ 0 });

	(void)state;
	HARNESS_MUST(own_update(ref, TRACKD_EMBEDDING));
	assert_int_equal(cancel(ref), TRACKD_CANCEL_ASKED);
	uint64_t lost = own_board.header->counters.worker_lost;
	uint64_t cancelled = own_board.header->counters.cancelled;
	HARNESS_MUST(lose(ref, OWN_WORKER));
	struct trackd_task task = own_task(ref);
	assert_int_equal(task.state, TRACKD_CANCELLED);
	assert_int_equal(task.reason, TRACKD_REASON_CANCELLED);
	assert_string_equal(task.message, "Cancelled");
	assert_string_equal(task.error, "it died");
	assert_int_equal(own_board.header->counters.worker_lost, lost);
	assert_int_equal(own_board.header->counters.cancelled, cancelled + 1);
	own_remove(ref);
	HARNESS_MUST(tenant_import(&own_board, &task, 0, own_board.header->wall_offset_ns,
				   harness_soon(), &ref));
	assert_string_equal(own_task(ref).error, "it died");
	own_remove(ref);
}

static const struct CMUnitTest tests[] = {
	OWN_BOARD(every_writer_ends_what_has_passed_a_limit, CAPACITY),
	OWN_BOARD(a_limit_is_exact, CAPACITY),
	OWN_BOARD(start_within_ends_only_the_pending, CAPACITY),
	OWN_BOARD(active_ttl_ends_who_has_a_worker, CAPACITY),
	OWN_BOARD(without_limits_nothing_ends, CAPACITY),
	OWN_BOARD(what_is_final_stays_as_it_is, CAPACITY),
	OWN_BOARD(the_first_limit_that_passed_is_named, CAPACITY),
	OWN_BOARD(a_stalled_task_is_ended_only_as_it_was_seen, CAPACITY),
	OWN_BOARD(limits_are_read_without_a_lock, CAPACITY),
	OWN_BOARD(limits_are_shown_and_imported, CAPACITY),
	OWN_BOARD(a_keeper_answers_until_the_first_stage, CAPACITY),
	OWN_BOARD(who_dies_after_a_request_to_cancel_has_cancelled, CAPACITY),
};

SUITE(tests)
