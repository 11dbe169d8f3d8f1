/* SPDX-License-Identifier: MIT */
/* The operations that are killed; see operation.h. */
#include "tests/crash/engine/operation.h"
#include "libclient/record/kind.h"
#include "libclient/record/limits.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/lock.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/crash/engine/preparation.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include <signal.h>
#include <string.h>

/* Long texts, so that a fill takes many stores. Each character identifies its text. */
static char new_message[191], new_error[501];

static struct board *board_of(struct play *play)
{
	return &play->scene->board;
}

/* ---- The calls ---------------------------------------------------------- */

static void create(struct play *play, struct tenant_new task)
{
	struct trackd_ref ref;

	task.id = play->id;
	task.owner = play->owner;
	task.name = "Another name, longer than the one that was there before";
	task.message = new_message;
	task.total = 99;
	play->result = tenant_create(board_of(play), &task, harness_soon(), &ref);
}

static void run_create_labelled(struct play *play)
{
	struct tenant_new task = { .id = play->id,
				   .owner = play->owner,
				   .name = "A task with labels",
				   .message = new_message,
				   .labels = "batch=2024-11\ncustomer=acme\nnote=a value of some "
					     "length, so that it takes a few stores" };
	struct trackd_ref ref;

	play->result = tenant_create(board_of(play), &task, harness_soon(), &ref);
}

static void run_create(struct play *play)
{
	create(play, (struct tenant_new){ 0 });
}

static void run_create_child(struct play *play)
{
	create(play, (struct tenant_new){ .parent = play->parent });
}

static void run_replace_child(struct play *play)
{
	create(play, (struct tenant_new){ .replace = true, .parent = play->parent });
}

static void run_set_parent(struct play *play)
{
	play->result = parent_set(board_of(play), play->target, play->parent, harness_soon());
}

static void run_replace(struct play *play)
{
	create(play, (struct tenant_new){ .replace = true });
}

static void run_create_limited(struct play *play)
{
	create(play, (struct tenant_new){ .within.start = 60000,
					  .within.progress = 61000,
					  .within.finish = 62000,
					  .keeper = play->scene->worker });
}

static void update(struct play *play, int stage, const char *message)
{
	play->result = record_update(board_of(play), play->target, stage, message,
				     play->scene->worker, harness_soon());
}

static void run_message(struct play *play)
{
	update(play, TRACKD_STAGE_KEEP, new_message);
}

static void run_same_stage(struct play *play)
{
	update(play, TRACKD_CHUNKING, new_message);
}

static void run_next_stage(struct play *play)
{
	update(play, TRACKD_EMBEDDING, new_message);
}

static void run_retry(struct play *play)
{
	update(play, TRACKD_EXTRACTING, NULL);
}

static void run_advance(struct play *play)
{
	play->result = record_advance(board_of(play), play->target, 17);
}

static void run_set_total(struct play *play)
{
	play->result = record_set_total(board_of(play), play->target, 5000, harness_soon());
}

static void run_set_progress(struct play *play)
{
	play->result = record_set_progress(board_of(play), play->target, 400, 5000, harness_soon());
}

static void run_renew(struct play *play)
{
	play->result = record_renew(board_of(play), play->target, harness_soon());
}

static void end(struct play *play, enum trackd_state state, enum trackd_reason reason,
		const char *error, uint64_t only_worker)
{
	uint64_t cause = only_worker ? cause_make(CAUSE_SIGNALLED, CAUSE_MEMORY, 9) : 0;
	struct record_end end = { state, reason, new_message, error, only_worker, cause };

	play->result = record_end(board_of(play), play->target, &end, harness_soon());
}

static void run_complete(struct play *play)
{
	end(play, TRACKD_COMPLETED, TRACKD_REASON_NONE, NULL, 0);
}

static void run_complete_with(struct play *play)
{
	end(play, TRACKD_COMPLETED, TRACKD_REASON_NONE, new_error, 0);
}

static void run_fail(struct play *play)
{
	end(play, TRACKD_FAILED, TRACKD_REASON_ERROR, new_error, 0);
}

static void run_worker_lost(struct play *play)
{
	end(play, TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, new_error, play->scene->worker);
}

/* The time of the operation is after the limit. */
static void run_limit(struct play *play)
{
	play->result = record_limit(board_of(play), play->target, harness_soon());
}

static void run_stalled(struct play *play)
{
	struct board *board = board_of(play);
	struct limits limits = { 0 };

	play->result = limits_read(board, play->target, &limits)
			       ? record_stalled(board, play->target, limits.updated, limits.work,
						harness_soon())
			       : TRACKD_E_GONE;
}

static void run_cancelled(struct play *play)
{
	end(play, TRACKD_CANCELLED, TRACKD_REASON_CANCELLED, NULL, 0);
}

static void run_cancel(struct play *play)
{
	play->result = record_cancel(board_of(play), play->target, harness_soon());
}

static void run_remove(struct play *play)
{
	play->result = slot_remove(board_of(play), play->target, SLOT_REMOVE_ASKED, harness_soon());
}

static void run_expire(struct play *play)
{
	play->result = slot_remove(board_of(play), play->target, SLOT_REMOVE_EXPIRED, LOCK_TRY);
}

static void run_import(struct play *play)
{
	struct trackd_ref ref;

	play->result = tenant_import(board_of(play), &play->record, 0,
				     board_of(play)->header->wall_offset_ns, harness_soon(), &ref);
}

static void run_repair_slot(struct play *play)
{
	play->result = repair_slot(board_of(play), play->target.slot, LOCK_TRY);
}

static void run_repair_stripe(struct play *play)
{
	play->result = repair_stripe(board_of(play), PREPARATION_ID_BUCKET, LOCK_TRY);
}

static void run_declare(struct play *play)
{
	static const struct trackd_stage_def stages[] = { { "reading", 0 },
							  { "working", 30 },
							  { "writing", 80 } };

	play->result = kind_declare(board_of(play), "three", stages, 3, harness_soon());
}

static void run_claim(struct play *play)
{
	uint64_t worker;

	play->result = worker_claim(board_of(play), play->process, &worker);
}

/* ---- The table ---------------------------------------------------------- */

const struct operation operations[] = {
	{ .name = "create", .prepare = before_new, .run = run_create },
	{ .name = "create, no owner", .prepare = before_new_of_nobody, .run = run_create },
	{ .name = "create with labels", .prepare = before_new, .run = run_create_labelled },
	{ .name = "create over an expired task", .prepare = before_expired, .run = run_create },
	{ .name = "create with limits and a keeper",
	  .prepare = before_new,
	  .run = run_create_limited },
	{ .name = "replace", .prepare = before_active, .run = run_replace },
	{ .name = "first stage", .prepare = before_pending, .run = run_next_stage },
	{ .name = "message", .prepare = before_active, .run = run_message },
	{ .name = "same stage", .prepare = before_active, .run = run_same_stage },
	{ .name = "next stage", .prepare = before_active, .run = run_next_stage },
	{ .name = "earlier stage", .prepare = before_active, .run = run_retry },
	{ .name = "advance", .prepare = before_active, .run = run_advance },
	{ .name = "set total", .prepare = before_active, .run = run_set_total },
	{ .name = "set progress", .prepare = before_active, .run = run_set_progress },
	{ .name = "renew", .prepare = before_active, .run = run_renew },
	{ .name = "complete", .prepare = before_active, .run = run_complete },
	{ .name = "complete with a result", .prepare = before_active, .run = run_complete_with },
	{ .name = "complete a pending task", .prepare = before_pending, .run = run_complete },
	{ .name = "fail", .prepare = before_active, .run = run_fail },
	{ .name = "worker lost", .prepare = before_active, .run = run_worker_lost },
	{ .name = "worker lost that was asked to cancel",
	  .prepare = before_asked,
	  .run = run_worker_lost },
	{ .name = "keeper lost", .prepare = before_kept, .run = run_worker_lost },
	{ .name = "first stage of a task with a keeper",
	  .prepare = before_kept,
	  .run = run_next_stage },
	{ .name = "message after a time limit",
	  .prepare = before_late,
	  .run = run_message,
	  .expected = TRACKD_E_FINAL },
	{ .name = "time limit",
	  .prepare = before_late_pending,
	  .run = run_limit,
	  .expected = TRACKD_E_FINAL },
	{ .name = "no progress", .prepare = before_active, .run = run_stalled },
	{ .name = "cancelled", .prepare = before_active, .run = run_cancelled },
	{ .name = "cancel a pending task",
	  .prepare = before_pending,
	  .run = run_cancel,
	  .expected = TRACKD_CANCEL_ENDED },
	{ .name = "cancel an active task",
	  .prepare = before_active,
	  .run = run_cancel,
	  .expected = TRACKD_CANCEL_ASKED },
	{ .name = "remove", .prepare = before_active, .run = run_remove },
	{ .name = "expire", .prepare = before_expired, .run = run_expire },
	{ .name = "evict a final task", .prepare = before_full, .run = run_create, .evicts = true },
	{ .name = "evict an expired task",
	  .prepare = before_full_expired,
	  .run = run_create,
	  .evicts = true },
	{ .name = "evict past a task that is held",
	  .prepare = before_full_held,
	  .run = run_create,
	  .evicts = true },
	{ .name = "replace on a full board", .prepare = before_full_replace, .run = run_replace },
	{ .name = "replace in a spare slot",
	  .prepare = before_full_replace_spare,
	  .run = run_replace },
	{ .name = "import", .prepare = before_import, .run = run_import },
	{ .name = "import over an older task",
	  .prepare = before_import_over,
	  .run = run_import,
	  .gap = true },
	{ .name = "repair a claimed record",
	  .prepare = before_claimed,
	  .run = run_repair_slot,
	  .expected = 1 },
	{ .name = "repair a claimed record that is not linked",
	  .prepare = before_claimed_unlinked,
	  .run = run_repair_slot,
	  .expected = 1 },
	{ .name = "repair a record being removed",
	  .prepare = before_removing,
	  .run = run_repair_slot,
	  .expected = 1 },
	{ .name = "repair a bit",
	  .prepare = before_forgotten_bit,
	  .run = run_repair_slot,
	  .expected = 1 },
	{ .name = "repair a stripe",
	  .prepare = before_miscounted,
	  .run = run_repair_stripe,
	  .expected = 1 },
	{ .name = "create the first child",
	  .prepare = before_first_child,
	  .run = run_create_child },
	{ .name = "create a child", .prepare = before_another_child, .run = run_create_child },
	{ .name = "create a child too late",
	  .prepare = before_closed,
	  .run = run_create_child,
	  .expected = TRACKD_E_CLOSED },
	{ .name = "replace a child",
	  .prepare = before_active_child,
	  .run = run_replace_child,
	  .counts_twice = true },
	{ .name = "set a parent", .prepare = before_active, .run = run_set_parent },
	{ .name = "first stage of a child",
	  .prepare = before_pending_child,
	  .run = run_next_stage },
	{ .name = "complete a child", .prepare = before_active_child, .run = run_complete },
	{ .name = "fail the last open child", .prepare = before_last_child, .run = run_fail },
	{ .name = "time limit of a child",
	  .prepare = before_late_child,
	  .run = run_limit,
	  .expected = TRACKD_E_FINAL },
	{ .name = "no progress of a child", .prepare = before_active_child, .run = run_stalled },
	{ .name = "worker of a child lost",
	  .prepare = before_active_child,
	  .run = run_worker_lost },
	{ .name = "cancel a pending child",
	  .prepare = before_pending_child,
	  .run = run_cancel,
	  .expected = TRACKD_CANCEL_ENDED },
	{ .name = "remove a child", .prepare = before_active_child, .run = run_remove },
	{ .name = "expire a child", .prepare = before_expired_child, .run = run_expire },
	{ .name = "evict a child",
	  .prepare = before_full_child,
	  .run = run_create,
	  .evicts = true },
	{ .name = "remove a parent", .prepare = before_parent, .run = run_remove },
	{ .name = "replace a parent", .prepare = before_parent, .run = run_replace },
	{ .name = "declare a kind",
	  .prepare = before_pending,
	  .run = run_declare,
	  .expected = 1,
	  .repeats = true },
	{ .name = "claim a client entry",
	  .prepare = before_claim,
	  .run = run_claim,
	  .repeats = true,
	  .searches = true,
	  .reads_proc = true },
};
const unsigned n_operations = sizeof operations / sizeof operations[0];

void operation_prepare(const struct operation *operation, struct scene *scene,
		       struct play *ret_play)
{
	memset(new_message, 'n', sizeof new_message - 1);
	memset(new_error, 'e', sizeof new_error - 1);
	preparation_begin(ret_play, scene);
	operation->prepare(ret_play);
	fake_clock_set(fake_clock() + 10 * NS_PER_S);
}

void operation_finish(struct play *play)
{
	if (play->process > 0)
		(void)harness_kill(play->process, SIGKILL);
	play->process = 0;
}

const struct operation *operation_find(const char *name)
{
	for (unsigned i = 0; i < n_operations; i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	harness_die("no operation \"%s\"", name);
}
