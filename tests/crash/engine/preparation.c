/* SPDX-License-Identifier: MIT */
/* The board before an operation; see preparation.h. */
#include "tests/crash/engine/preparation.h"
#include "libclient/index/index.h"
#include "libclient/record/parent.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/segment/map.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/client.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include <stdio.h>
#include <string.h>

enum { OWNER_BUCKET = 5, SHORT_TTL_MS = 1000 };

/* Long texts, so that a fill takes many stores; each character says which text it belongs to. */
static char old_message[186], old_error[501];

void preparation_begin(struct play *ret_play, struct scene *scene)
{
	memset(old_message, 'o', sizeof old_message - 1);
	memset(old_error, 'e', sizeof old_error - 1);
	*ret_play = (struct play){ .scene = scene };
}

/* ---- Before ------------------------------------------------------------- */

static struct trackd_ref add_such(struct play *play, const char *id, const char *owner,
				  struct tenant_new task)
{
	struct trackd_ref ref;

	task.id = id;
	task.owner = owner;
	task.name = "A task with a name of some length";
	task.message = old_message;
	task.total = 7;
	(void)harness_must(tenant_create(&play->scene->board, &task, harness_soon(), &ref),
			   "create");
	return ref;
}

static struct trackd_ref add(struct play *play, const char *id, const char *owner, uint32_t ttl_ms)
{
	return add_such(play, id, owner, (struct tenant_new){ .ttl_ms = ttl_ms });
}

/* Three tasks of one owner and one id bucket, the target in the middle; another owner in the same
 * buckets; a task without an owner. */
static void add_company_of(struct play *play, struct tenant_new task)
{
	char id[16], other[16];

	scene_owner_in(play->scene, OWNER_BUCKET, 0, play->owner);
	scene_owner_in(play->scene, OWNER_BUCKET, 1, other);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 0, id);
	(void)add(play, id, play->owner, 0);
	memcpy(play->parent, id, sizeof play->parent);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 1, play->id);
	play->target = add_such(play, play->id, play->owner, task);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 2, id);
	(void)add(play, id, other, 0);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 3, id);
	(void)add(play, id, play->owner, 0);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET + 1, 0, id);
	(void)add(play, id, "", 0);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 4, play->new_id);
}

static void add_company(struct play *play, uint32_t ttl_ms)
{
	add_company_of(play, (struct tenant_new){ .ttl_ms = ttl_ms });
}

void before_pending(struct play *play)
{
	add_company(play, 0);
}

void before_new(struct play *play)
{
	add_company(play, 0);
	memcpy(play->id, play->new_id, sizeof play->id);
}

void before_new_of_nobody(struct play *play)
{
	before_new(play);
	play->owner[0] = '\0';
}

static void activate(struct play *play)
{
	struct board *board = &play->scene->board;

	(void)harness_must(record_update(board, play->target, TRACKD_EXTRACTING, NULL,
					 play->scene->worker, harness_soon()),
			   "update");
	(void)harness_must(record_advance(board, play->target, 5), "advance");
	(void)harness_must(record_update(board, play->target, TRACKD_CHUNKING, old_message,
					 play->scene->worker, harness_soon()),
			   "update");
	(void)harness_must(record_set_total(board, play->target, 1000, harness_soon()),
			   "set total");
	(void)harness_must(record_advance(board, play->target, 42), "advance");
}

void before_active(struct play *play)
{
	add_company(play, 0);
	activate(play);
}

void before_asked(struct play *play)
{
	before_active(play);
	(void)harness_must(record_cancel(&play->scene->board, play->target, harness_soon()),
			   "cancel");
}

void before_kept(struct play *play)
{
	add_company_of(play, (struct tenant_new){ .keeper = play->scene->worker });
}

void before_late(struct play *play)
{
	add_company_of(play, (struct tenant_new){ .within.finish = SHORT_TTL_MS });
	activate(play);
}

void before_late_pending(struct play *play)
{
	add_company_of(play, (struct tenant_new){ .within.start = SHORT_TTL_MS });
}

void before_expired(struct play *play)
{
	add_company(play, SHORT_TTL_MS);
}

/* Some of the others can be evicted too, because operations after the death need room. */
static void fill_up(struct play *play, uint32_t ttl_ms, const struct record_end *end)
{
	char id[16];

	for (unsigned i = 0; slot_count(&play->scene->board) < SCENE_CAPACITY; i++) {
		bool victim = i % 3 == 0;
		scene_id_in(play->scene, 9 + i % 3, i / 3, id);
		struct trackd_ref ref =
			add(play, id, i % 2 ? play->owner : "", victim ? ttl_ms : 0);
		if (victim && end)
			(void)harness_must(
				record_end(&play->scene->board, ref, end, harness_soon()),
				"complete");
	}
	memcpy(play->id, play->new_id, sizeof play->id);
}

void before_full(struct play *play)
{
	static const struct record_end end = {
		TRACKD_COMPLETED, TRACKD_REASON_NONE, "Done", NULL, 0, 0
	};

	add_company(play, 0);
	(void)harness_must(record_end(&play->scene->board, play->target, &end, harness_soon()),
			   "complete");
	fill_up(play, 0, &end);
}

void before_full_expired(struct play *play)
{
	add_company(play, SHORT_TTL_MS);
	fill_up(play, SHORT_TTL_MS, NULL);
}

/* A stopped process holds the lock of the task that ended first. */
void before_full_held(struct play *play)
{
	struct board *board = &play->scene->board;

	before_full(play);
	play->process = client_holding_record(board, play->target);
	play->n_held = 1;
}

/* The board is full, no task can be evicted, and the target will be replaced. */
void before_full_replace(struct play *play)
{
	add_company(play, 0);
	activate(play);
	fill_up(play, 0, NULL);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET, 1, play->id);
}

/* The target is in a spare slot already; other tasks have been created and removed meanwhile. */
void before_full_replace_spare(struct play *play)
{
	struct tenant_new task = { .name = "", .message = old_message, .replace = true };

	before_full_replace(play);
	task.id = play->id;
	task.owner = play->owner;
	(void)harness_must(tenant_create(&play->scene->board, &task, harness_soon(), &play->target),
			   "replace");
	if (play->target.slot < SCENE_CAPACITY)
		harness_die("not in a spare slot");
	activate(play);
}

/* A record to import: failed in its second stage. */
static void make_record(struct play *play, const char *id)
{
	static const struct record_end end = {
		TRACKD_FAILED, TRACKD_REASON_ERROR, "Processing failed", old_error, 0, 0
	};

	(void)harness_must(record_end(&play->scene->board, play->target, &end, harness_soon()),
			   "fail");
	(void)harness_must(
		view_copy(&play->scene->board, play->target, fake_clock(), &play->record), "copy");
	snprintf(play->record.id, sizeof play->record.id, "%s", id);
	play->record.updated_ns += NS_PER_MS;
	play->record.finished_ns += NS_PER_MS;
}

void before_import(struct play *play)
{
	before_active(play);
	make_record(play, play->new_id);
	memcpy(play->id, play->new_id, sizeof play->id);
}

void before_import_over(struct play *play)
{
	before_active(play);
	make_record(play, play->id);
}

/* ---- Families ----------------------------------------------------------- */

void before_first_child(struct play *play)
{
	before_new(play);
}

/* The company's first task gets children, the company's second among them. */
static void add_family_of(struct play *play, struct tenant_new task)
{
	struct board *board = &play->scene->board;
	char id[16];

	add_company_of(play, task);
	scene_id_in(play->scene, PREPARATION_ID_BUCKET + 2, 0, id);
	struct trackd_ref older = add(play, id, play->owner, 0);
	(void)harness_must(parent_set(board, play->target, play->parent, harness_soon()), "parent");
	scene_id_in(play->scene, PREPARATION_ID_BUCKET + 2, 1, id);
	(void)add_such(play, id, play->owner, (struct tenant_new){ .parent = play->parent });
	/* Between the two, by its age. */
	(void)harness_must(parent_set(board, older, play->parent, harness_soon()), "parent");
}

static void add_family(struct play *play, uint32_t ttl_ms)
{
	add_family_of(play, (struct tenant_new){ .ttl_ms = ttl_ms });
}

void before_late_child(struct play *play)
{
	add_family_of(play, (struct tenant_new){ .within.start = SHORT_TTL_MS });
}

void before_another_child(struct play *play)
{
	add_family(play, 0);
	memcpy(play->id, play->new_id, sizeof play->id);
}

static struct trackd_ref find(struct play *play, const char *id)
{
	struct trackd_ref ref;

	(void)harness_must(view_lookup(&play->scene->board, id, fake_clock(), &ref), "find");
	return ref;
}

void before_closed(struct play *play)
{
	before_another_child(play);
	(void)harness_must(
		parent_close(&play->scene->board, find(play, play->parent), harness_soon()),
		"close");
}

void before_pending_child(struct play *play)
{
	add_family(play, 0);
}

void before_active_child(struct play *play)
{
	add_family(play, 0);
	activate(play);
}

void before_last_child(struct play *play)
{
	add_company(play, 0);
	(void)harness_must(
		parent_set(&play->scene->board, play->target, play->parent, harness_soon()),
		"parent");
	activate(play);
}

void before_expired_child(struct play *play)
{
	add_family(play, SHORT_TTL_MS);
}

void before_full_child(struct play *play)
{
	static const struct record_end end = { .state = TRACKD_COMPLETED, .message = "Done" };

	add_family(play, 0);
	(void)harness_must(record_end(&play->scene->board, play->target, &end, harness_soon()),
			   "complete");
	fill_up(play, 0, &end);
}

void before_parent(struct play *play)
{
	add_family(play, 0);
	play->target = find(play, play->parent);
	memcpy(play->id, play->parent, sizeof play->id);
}

/* ---- Left by a death ---------------------------------------------------- */

static void make_leftover(struct play *play, uint32_t generation, enum slot_state state)
{
	struct board *board = &play->scene->board;
	struct layout_head *head = &board->heads[play->target.slot];

	head->stamp = stamp_make(generation, 0, state);
	board->id_stripes[index_stripe(index_bucket(board, head->id_hash))].count--;
}

void before_claimed(struct play *play)
{
	add_company(play, 0);
	make_leftover(play, play->target.generation, SLOT_CLAIMED);
}

void before_claimed_unlinked(struct play *play)
{
	before_claimed(play);
	index_unlink_id(&play->scene->board, play->target.slot);
	index_unlink_owner(&play->scene->board, play->target.slot);
}

void before_removing(struct play *play)
{
	add_company(play, 0);
	make_leftover(play, play->target.generation + 1, SLOT_REMOVING);
}

void before_miscounted(struct play *play)
{
	struct board *board = &play->scene->board;

	add_company(play, 0);
	board->id_stripes[PREPARATION_ID_BUCKET].count += 3;
}

void before_forgotten_bit(struct play *play)
{
	add_company(play, 0);
	map_set(&play->scene->board, SCENE_CAPACITY - 1);
	play->target.slot = SCENE_CAPACITY - 1;
}

void before_claim(struct play *play)
{
	add_company(play, 0);
	play->process = client_start();
	/* A claim reads the process's line in /proc, which must not change between the recorded run
	 * and the killed ones. */
	harness_stop(play->process);
}
