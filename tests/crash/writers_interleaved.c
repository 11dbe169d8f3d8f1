/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Two writers on one record: a writer is stopped before every one of its instructions while
 * another, which does not wait, does a complete operation. The result equals that of one operation
 * after the other, or of the first alone if the other got BUSY; the doctor finds no fault.
 */
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/lock.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/crash/engine/operation.h"
#include "tests/crash/engine/scene.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include "tests/harness/tap.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DONE = 42, UNITS = 17, NOT_RUN = -ECHILD };

static struct scene scene;
static struct play play;
static uint64_t other_worker;
static uint64_t expiry; /* of the target */

/* The results of both; shared with the child, which is the first. */
static struct results {
	int first, second;
	struct trackd_ref made; /* by the second */
} * results;

static bool busy(int result)
{
	return result == -EBUSY || result == TRACKD_E_BUSY;
}

/* ---- Operations ----------------------------------------------------------- */

static int lose(uint64_t deadline)
{
	const struct record_end end = { TRACKD_FAILED,       TRACKD_REASON_WORKER_LOST,
					"Processing failed", "lost",
					scene.worker,        0 };

	return record_end(&scene.board, play.target, &end, deadline);
}

static int take_over(uint64_t deadline)
{
	return record_update(&scene.board, play.target, TRACKD_CHUNKING, "mine", other_worker,
			     deadline);
}

static int complete(uint64_t deadline)
{
	const struct record_end end = { TRACKD_COMPLETED, TRACKD_REASON_NONE, "Done", NULL, 0, 0 };

	return record_end(&scene.board, play.target, &end, deadline);
}

static int count(uint64_t deadline)
{
	(void)deadline;
	return record_advance(&scene.board, play.target, UNITS);
}

static int set_total(uint64_t deadline)
{
	return record_set_total(&scene.board, play.target, 5000, deadline);
}

static int remove_it(uint64_t deadline)
{
	return slot_remove(&scene.board, play.target, SLOT_REMOVE_ASKED, deadline);
}

static int cancel(uint64_t deadline)
{
	return record_cancel(&scene.board, play.target, deadline);
}

static int create_as(const char *id, bool replace, uint64_t deadline)
{
	struct tenant_new task = {
		.id = id, .owner = play.owner, .name = id, .message = "new", .replace = replace
	};

	return tenant_create(&scene.board, &task, deadline, &results->made);
}

static int create(uint64_t deadline)
{
	return create_as(play.new_id, false, deadline);
}

static int replace(uint64_t deadline)
{
	return create_as(play.id, true, deadline);
}

/* Remove the task, and reuse its slot for another one. */
static int reuse(uint64_t deadline)
{
	int error = remove_it(deadline);

	scene.board.header->cursor = play.target.slot;
	return error < 0 ? error : create(deadline);
}

/* The task has expired on the first writer's clock, but not on the second one's. */
static int expire(uint64_t deadline)
{
	fake_clock_set(expiry);
	return slot_remove(&scene.board, play.target, SLOT_REMOVE_EXPIRED, deadline);
}

static int renew_in_time(uint64_t deadline)
{
	fake_clock_set(expiry - 1);
	return record_renew(&scene.board, play.target, deadline);
}

static int declare(uint64_t deadline)
{
	static const struct trackd_stage_def stages[] = { { "reading", 0 }, { "writing", 80 } };

	return kind_declare(&scene.board, "two", stages, 2, deadline);
}

/* ---- Allowed results ------------------------------------------------------- */

static struct trackd_task seen; /* the target, if it exists */
static int seen_error;

static bool is_there(void)
{
	return seen_error == 0;
}

static bool taken_over(void)
{
	if (results->second == 0)
		return results->first == -EAGAIN && seen.state == TRACKD_ACTIVE &&
		       strcmp(seen.message, "mine") == 0;
	return results->first == 0 && seen.state == TRACKD_FAILED &&
	       (busy(results->second) || results->second == TRACKD_E_FINAL);
}

static bool counted(int end, int advance)
{
	uint64_t done = DONE + (advance == 0 ? UNITS : 0);

	return end == 0 && seen.state == TRACKD_COMPLETED && seen.done == done &&
	       (advance == 0 || advance == TRACKD_E_FINAL || busy(advance));
}

static bool counted_second(void)
{
	return counted(results->first, results->second);
}

static bool counted_first(void)
{
	/* A completing writer may get BUSY only while the record is locked: counting does not lock it. */
	return counted(results->second, results->first);
}

static bool both_published(void)
{
	return results->first == 0 && (results->second == 0 || busy(results->second)) &&
	       seen.total == 5000 && seen.done == DONE &&
	       (results->second != 0 || strcmp(seen.message, "mine") == 0);
}

static bool one_removed(void)
{
	bool first = results->first == 0, second = results->second == 0;

	return first != second && !is_there() &&
	       (first ? busy(results->second) || results->second == TRACKD_E_GONE
		      : results->first == TRACKD_E_GONE);
}

static bool one_created(void)
{
	bool first = results->first == 0, second = results->second == 0;
	struct trackd_ref ref;

	return first != second &&
	       view_lookup(&scene.reader, play.new_id, fake_clock(), &ref) == 0 &&
	       (first ? busy(results->second) || results->second == TRACKD_E_EXISTS
		      : results->first == TRACKD_E_EXISTS);
}

/* The slot's next tenant has no change that was meant for the previous one. */
static bool next_untouched(void)
{
	struct trackd_task next = TRACKD_TASK_INIT;

	if (results->second < 0)
		return results->first >= 0 && busy(results->second);
	return view_copy(&scene.reader, results->made, fake_clock(), &next) == 0 &&
	       results->made.slot == play.target.slot && next.state == TRACKD_PENDING &&
	       next.done == 0 && next.revision == 1 && next.cancel_requested_ns == 0 &&
	       (results->first >= 0 || results->first == TRACKD_E_GONE);
}

static bool renewed_or_gone(void)
{
	if (results->second == 0)
		return results->first == -EAGAIN && is_there();
	return results->first == 0 && !is_there() &&
	       (busy(results->second) || results->second == TRACKD_E_GONE);
}

/* Only one record has the id, the newest. */
static bool replaced(void)
{
	struct trackd_ref ref;

	return results->first == 0 && !is_there() &&
	       (results->second == 0 || busy(results->second) ||
		results->second == TRACKD_E_GONE) &&
	       view_lookup(&scene.reader, play.id, fake_clock(), &ref) == 0 &&
	       view_copy(&scene.reader, ref, fake_clock(), &seen) == 0 &&
	       seen.state == TRACKD_PENDING;
}

static bool replaced_twice(void)
{
	struct trackd_ref ref;

	return results->first == 0 && !is_there() &&
	       (results->second == 0 || busy(results->second)) &&
	       view_lookup(&scene.reader, play.id, fake_clock(), &ref) == 0;
}

static bool both_done(void)
{
	return results->first == 0 && (results->second == 0 || busy(results->second));
}

static bool one_kind(void)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	return results->first == 1 && (results->second == 1 || busy(results->second)) &&
	       kind_get(&scene.board, 2, &kind) == TRACKD_E_KIND;
}

/* ---- The table ------------------------------------------------------------- */

typedef int (*deed)(uint64_t deadline);

static const struct trial {
	const char *name, *before;
	deed first, second;
	bool (*good)(void);
} trials[] = {
	{ "lost, taken over by another worker", "complete", lose, take_over, taken_over },
	{ "completed, counted on", "complete", complete, count, counted_second },
	{ "counted on, completed", "complete", count, complete, counted_first },
	{ "a total, a message", "complete", set_total, take_over, both_published },
	{ "removed, removed", "complete", remove_it, remove_it, one_removed },
	{ "counted on, its slot used again", "complete", count, reuse, next_untouched },
	{ "asked to cancel, its slot used again", "complete", cancel, reuse, next_untouched },
	{ "a total, its slot used again", "complete", set_total, reuse, next_untouched },
	{ "expired, renewed", "expire", expire, renew_in_time, renewed_or_gone },
	{ "created, created", "complete", create, create, one_created },
	{ "created, its neighbour removed", "complete", create, remove_it, both_done },
	{ "removed, a neighbour created", "complete", remove_it, create, both_done },
	{ "replaced, moved on", "complete", replace, take_over, replaced },
	{ "replaced, replaced", "complete", replace, replace, replaced_twice },
	{ "a kind declared, declared", "complete", declare, declare, one_kind },
};

/* ---- Running --------------------------------------------------------------- */

static void run_first(void *trial)
{
	results->first = ((const struct trial *)trial)->first(harness_soon());
}

static void run_second(void *trial)
{
	results->second = ((const struct trial *)trial)->second(LOCK_TRY);
}

/* Describe the fault after both are done; NULL: none. */
static const char *judge(const struct trial *trial)
{
	static char text[400];
	int n;

	seen_error = view_copy(&scene.reader, play.target, fake_clock(), &seen);
	if (!trial->good()) {
		n = snprintf(text, sizeof text, "the first returned %d, the second %d; ",
			     results->first, results->second);
		snprintf(text + n, sizeof text - (size_t)n, "the task: %d, state %u, done %llu",
			 seen_error, seen.state, (unsigned long long)seen.done);
		return text;
	}
	return inspection_faults(&scene.board, text, sizeof text) > 0 ? text : NULL;
}

static void prepare(const struct trial *trial)
{
	scene_make(&scene);
	HARNESS_MUST(worker_claim(&scene.board, getppid(), &other_worker));
	operation_prepare(operation_find(trial->before), &scene, &play);
	expiry = scene.board.heads[play.target.slot].deadline;
}

static void put_back(const struct scene_state *begin, uint64_t now)
{
	scene_put_back(&scene, begin);
	fake_clock_set(now);
	memset(&seen, 0, sizeof seen);
	*results = (struct results){ .first = NOT_RUN, .second = NOT_RUN };
}

static void run_trial(const struct trial *trial)
{
	struct scene_state begin = { 0 };
	struct tracer_path path;
	unsigned bad = 0, missed = 0, both = 0;

	prepare(trial);
	uint64_t now = fake_clock();
	scene_keep(&scene, &begin);
	put_back(&begin, now);
	tracer_step(run_first, (void *)trial, NULL, NULL, &path);
	for (size_t i = 0; i < path.n; i++) {
		const char *fault = NULL;

		put_back(&begin, now);
		if (tracer_pause_at(run_first, (void *)trial, &path.points[i], run_second,
				    (void *)trial))
			fault = judge(trial);
		else
			missed++;
		both += !busy(results->second);
		if (fault && bad++ == 0)
			tap_note("%s, instruction %zu: %s", trial->name, i, fault);
	}
	tap_ok(bad == 0 && missed == 0 && both > 0,
	       "%s: %zu pauses, the other was not refused in %u, %u bad (%u missed)", trial->name,
	       path.n, both, bad, missed);
	tracer_path_free(&path);
	scene_state_free(&begin);
	operation_finish(&play);
	scene_free(&scene);
}

int main(void)
{
	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	results = harness_shared(sizeof *results);
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
		run_trial(&trials[i]);
	return tap_done();
}
