/* SPDX-License-Identifier: MIT */
/* The operations that are killed; see operation.h. */
#include "tests/crash/engine/operation.h"
#include "libclient/record/index.h"
#include "libclient/record/kind.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/record/worker.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/map.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ID_BUCKET = 3, OWNER_BUCKET = 5, SHORT_TTL_MS = 1000 };

/* Long texts, so that a fill takes many stores; each character says which text it belongs to. */
static char old_message[186], new_message[191], error_text[501];

static struct board *board_of(struct play *play)
{
	return &play->scene->board;
}

static uint64_t limit(void)
{
	return harness_deadline(2000);
}

static void must(int error, const char *what)
{
	(void)harness_must(error, what);
}

/* ---- Before ------------------------------------------------------------- */

static struct trackd_ref add(struct play *play, const char *id, const char *owner, uint32_t ttl_ms)
{
	struct tenant_new task = { .id = id,
				   .owner = owner,
				   .name = "A task with a name of some length",
				   .message = old_message,
				   .total = 7,
				   .ttl_ms = ttl_ms };
	struct trackd_ref ref;

	must(tenant_create(board_of(play), &task, limit(), &ref), "create");
	return ref;
}

/* Three tasks of one owner and one id bucket, ours in the middle; another owner in the same
 * buckets; a task without an owner. */
static void add_company(struct play *play, uint32_t ttl_ms)
{
	char id[16], other[16];

	scene_owner_in(play->scene, OWNER_BUCKET, 0, play->owner);
	scene_owner_in(play->scene, OWNER_BUCKET, 1, other);
	scene_id_in(play->scene, ID_BUCKET, 0, id);
	(void)add(play, id, play->owner, 0);
	scene_id_in(play->scene, ID_BUCKET, 1, play->id);
	play->target = add(play, play->id, play->owner, ttl_ms);
	scene_id_in(play->scene, ID_BUCKET, 2, id);
	(void)add(play, id, other, 0);
	scene_id_in(play->scene, ID_BUCKET, 3, id);
	(void)add(play, id, play->owner, 0);
	scene_id_in(play->scene, ID_BUCKET + 1, 0, id);
	(void)add(play, id, "", 0);
	scene_id_in(play->scene, ID_BUCKET, 4, play->new_id);
}

static void before_pending(struct play *play)
{
	add_company(play, 0);
}

static void before_new(struct play *play)
{
	add_company(play, 0);
	memcpy(play->id, play->new_id, sizeof play->id);
}

static void before_new_of_nobody(struct play *play)
{
	before_new(play);
	play->owner[0] = '\0';
}

static void activate(struct play *play)
{
	struct board *board = board_of(play);

	must(record_update(board, play->target, TRACKD_EXTRACTING, NULL, play->scene->worker,
			   limit()),
	     "update");
	must(record_advance(board, play->target, 5), "advance");
	must(record_update(board, play->target, TRACKD_CHUNKING, old_message, play->scene->worker,
			   limit()),
	     "update");
	must(record_set_total(board, play->target, 1000, limit()), "set total");
	must(record_advance(board, play->target, 42), "advance");
}

static void before_active(struct play *play)
{
	add_company(play, 0);
	activate(play);
}

static void before_expired(struct play *play)
{
	add_company(play, SHORT_TTL_MS);
}

/* Some of the others can be evicted as well: what comes after the death needs room too. */
static void fill_up(struct play *play, uint32_t ttl_ms, const struct record_end *end)
{
	char id[16];

	for (unsigned i = 0; slot_count(board_of(play)) < SCENE_CAPACITY; i++) {
		bool victim = i % 3 == 0;
		scene_id_in(play->scene, 9 + i % 3, i / 3, id);
		struct trackd_ref ref =
			add(play, id, i % 2 ? play->owner : "", victim ? ttl_ms : 0);
		if (victim && end)
			must(record_end(board_of(play), ref, end, limit()), "complete");
	}
	memcpy(play->id, play->new_id, sizeof play->id);
}

static void before_full(struct play *play)
{
	static const struct record_end end = { TRACKD_COMPLETED, TRACKD_REASON_NONE, "Done", NULL,
					       0 };

	add_company(play, 0);
	must(record_end(board_of(play), play->target, &end, limit()), "complete");
	fill_up(play, 0, &end);
}

static void before_full_expired(struct play *play)
{
	add_company(play, SHORT_TTL_MS);
	fill_up(play, SHORT_TTL_MS, NULL);
}

/* The task that ended first is held by a process that stands still. */
static void before_full_held(struct play *play)
{
	struct board *board = board_of(play);
	uint32_t slot;

	before_full(play);
	slot = play->target.slot;
	play->process = harness_fork();
	if (play->process == 0) {
		(void)slot_lock(board, slot, limit());
		for (;;)
			pause();
	}
	while (slot_lock(board, slot, LOCK_TRY) != -EBUSY)
		slot_unlock(board, slot);
	play->n_held = 1;
}

/* No room, nothing to give up, and the task is to be replaced. */
static void before_full_replace(struct play *play)
{
	add_company(play, 0);
	activate(play);
	fill_up(play, 0, NULL);
	scene_id_in(play->scene, ID_BUCKET, 1, play->id);
}

/* It lives in a spare slot already; others have come and gone meanwhile. */
static void before_full_replace_spare(struct play *play)
{
	struct tenant_new task = { .name = "", .message = old_message, .replace = true };

	before_full_replace(play);
	task.id = play->id;
	task.owner = play->owner;
	must(tenant_create(board_of(play), &task, limit(), &play->target), "replace");
	if (play->target.slot < SCENE_CAPACITY)
		harness_die("not in a spare slot");
	activate(play);
}

/* A record that comes from elsewhere: failed in its second stage. */
static void make_record(struct play *play, const char *id)
{
	static const struct record_end end = { TRACKD_FAILED, TRACKD_REASON_ERROR,
					       "Processing failed", error_text, 0 };

	must(record_end(board_of(play), play->target, &end, limit()), "fail");
	must(view_copy(&play->scene->board, play->target, fake_clock(), &play->record), "copy");
	snprintf(play->record.id, sizeof play->record.id, "%s", id);
	play->record.updated_ns += NS_PER_MS;
	play->record.finished_ns += NS_PER_MS;
}

static void before_import(struct play *play)
{
	before_active(play);
	make_record(play, play->new_id);
	memcpy(play->id, play->new_id, sizeof play->id);
}

static void before_import_over(struct play *play)
{
	before_active(play);
	make_record(play, play->id);
}

/* ---- Left by a death ---------------------------------------------------- */

static void make_leftover(struct play *play, uint32_t generation, enum slot_state state)
{
	struct board *board = board_of(play);
	struct layout_head *head = &board->heads[play->target.slot];

	head->stamp = stamp_make(generation, 0, state);
	board->id_stripes[index_stripe(index_bucket(board, head->id_hash))].count--;
}

static void before_claimed(struct play *play)
{
	add_company(play, 0);
	make_leftover(play, play->target.generation, SLOT_CLAIMED);
}

static void before_claimed_unlinked(struct play *play)
{
	before_claimed(play);
	index_unlink_id(board_of(play), play->target.slot);
	index_unlink_owner(board_of(play), play->target.slot);
}

static void before_removing(struct play *play)
{
	add_company(play, 0);
	make_leftover(play, play->target.generation + 1, SLOT_REMOVING);
}

static void before_miscounted(struct play *play)
{
	struct board *board = board_of(play);

	add_company(play, 0);
	board->id_stripes[ID_BUCKET].count += 3;
}

static void before_forgotten_bit(struct play *play)
{
	add_company(play, 0);
	map_set(board_of(play), SCENE_CAPACITY - 1);
	play->target.slot = SCENE_CAPACITY - 1;
}

static void before_claim(struct play *play)
{
	add_company(play, 0);
	play->process = harness_fork();
	while (play->process == 0)
		pause();
	/* A claim reads the process's line in /proc: its state and counters must not change between
	 * the run that is recorded and those that are killed. */
	harness_stop(play->process);
}

/* ---- The calls ---------------------------------------------------------- */

static void create(struct play *play, bool replace)
{
	struct tenant_new task = {
		.id = play->id,
		.owner = play->owner,
		.name = "Another name, longer than the one that was there before",
		.message = new_message,
		.total = 99,
		.replace = replace
	};
	struct trackd_ref ref;

	play->result = tenant_create(board_of(play), &task, limit(), &ref);
}

static void run_create(struct play *play)
{
	create(play, false);
}

static void run_replace(struct play *play)
{
	create(play, true);
}

static void update(struct play *play, int stage, const char *message)
{
	play->result = record_update(board_of(play), play->target, stage, message,
				     play->scene->worker, limit());
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
	play->result = record_set_total(board_of(play), play->target, 5000, limit());
}

static void run_set_progress(struct play *play)
{
	play->result = record_set_progress(board_of(play), play->target, 400, 5000, limit());
}

static void run_renew(struct play *play)
{
	play->result = record_renew(board_of(play), play->target, limit());
}

static void end(struct play *play, enum trackd_state state, enum trackd_reason reason,
		const char *error, uint64_t only_worker)
{
	struct record_end end = { state, reason, new_message, error, only_worker };

	play->result = record_end(board_of(play), play->target, &end, limit());
}

static void run_complete(struct play *play)
{
	end(play, TRACKD_COMPLETED, TRACKD_REASON_NONE, NULL, 0);
}

static void run_fail(struct play *play)
{
	end(play, TRACKD_FAILED, TRACKD_REASON_ERROR, error_text, 0);
}

static void run_worker_lost(struct play *play)
{
	end(play, TRACKD_FAILED, TRACKD_REASON_WORKER_LOST, error_text, play->scene->worker);
}

static void run_cancelled(struct play *play)
{
	end(play, TRACKD_CANCELLED, TRACKD_REASON_CANCELLED, NULL, 0);
}

static void run_cancel(struct play *play)
{
	play->result = record_cancel(board_of(play), play->target, limit());
}

static void run_remove(struct play *play)
{
	play->result = slot_remove(board_of(play), play->target, SLOT_REMOVE_ASKED, limit());
}

static void run_expire(struct play *play)
{
	play->result = slot_remove(board_of(play), play->target, SLOT_REMOVE_EXPIRED, LOCK_TRY);
}

static void run_import(struct play *play)
{
	struct trackd_ref ref;

	play->result = tenant_import(board_of(play), &play->record, 0,
				     board_of(play)->header->wall_offset_ns, limit(), &ref);
}

static void run_repair_slot(struct play *play)
{
	play->result = repair_slot(board_of(play), play->target.slot, LOCK_TRY);
}

static void run_repair_stripe(struct play *play)
{
	play->result = repair_stripe(board_of(play), ID_BUCKET, LOCK_TRY);
}

static void run_declare(struct play *play)
{
	static const struct trackd_stage_def stages[] = { { "reading", 0 },
							  { "working", 30 },
							  { "writing", 80 } };

	play->result = kind_declare(board_of(play), "three", stages, 3, limit());
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
	{ .name = "create over an expired task", .prepare = before_expired, .run = run_create },
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
	{ .name = "complete a pending task", .prepare = before_pending, .run = run_complete },
	{ .name = "fail", .prepare = before_active, .run = run_fail },
	{ .name = "worker lost", .prepare = before_active, .run = run_worker_lost },
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
	memset(old_message, 'o', sizeof old_message - 1);
	memset(new_message, 'n', sizeof new_message - 1);
	memset(error_text, 'e', sizeof error_text - 1);
	*ret_play = (struct play){ .scene = scene };
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
