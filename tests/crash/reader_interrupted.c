/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=300 */
/*
 * Promise 2, for readers: a reader is stopped before every one of its instructions while writers do
 * complete operations, and then continues. Its results are consistent; it finds every task that
 * existed throughout, and an iteration returns it once; of a replaced task it finds the old or the
 * new record.
 */
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/crash/engine/scene.h"
#include "tests/crash/engine/tracer.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ID_BUCKET = 3, OTHER_BUCKET = 9, OWNER_BUCKET = 5, COMPANY = 5, TARGET = 2, VERSIONS = 3 };

/* The reader's results; shared with the child that reads. */
static struct seen {
	int error;
	struct trackd_view view;
	bool valid;
	struct trackd_task task;
	struct trackd_ref ref;
	unsigned met[COMPANY]; /* how often the iteration returned each */
} * seen;

/* Five tasks of one owner with ids in one bucket, the target in the middle of both chains. */
static struct company {
	struct scene scene;
	struct scene_state begin;
	char id[COMPANY][16], other_id[16], owner[16], other_owner[16];
	struct trackd_ref ref[COMPANY];
	struct trackd_ref replaced; /* the task that replaced the target */
} company;

/* ---- Before -------------------------------------------------------------- */

static struct trackd_ref add(const char *id, const char *owner, bool replace)
{
	struct tenant_new task = {
		.id = id, .owner = owner, .name = id, .message = "waits", .replace = replace
	};
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&company.scene.board, &task, harness_soon(), &ref));
	return ref;
}

/* Publish the n-th version of the target: every field identifies the version. */
static void publish(unsigned n)
{
	static const char *const messages[VERSIONS] = { "first first first first first",
							"second second second second second",
							"third third third third third" };
	struct board *board = &company.scene.board;
	struct trackd_ref ref = company.ref[TARGET];

	HARNESS_MUST(record_update(board, ref, (int)n, messages[n], company.scene.worker,
				   harness_soon()));
	HARNESS_MUST(record_set_progress(board, ref, 10 + n, 100 + n, harness_soon()));
	fake_clock_set(fake_clock() + 7 * NS_PER_MS);
}

static void begin(void)
{
	scene_make(&company.scene);
	scene_owner_in(&company.scene, OWNER_BUCKET, 0, company.owner);
	scene_owner_in(&company.scene, OWNER_BUCKET + 1, 0, company.other_owner);
	scene_id_in(&company.scene, OTHER_BUCKET, 0, company.other_id);
	for (unsigned i = 0; i < COMPANY; i++) {
		scene_id_in(&company.scene, ID_BUCKET, i, company.id[i]);
		company.ref[i] = add(company.id[i], company.owner, false);
	}
	publish(0);
	scene_keep(&company.scene, &company.begin);
}

static void put_back(void)
{
	scene_put_back(&company.scene, &company.begin);
	company.replaced = company.ref[TARGET];
	memset(seen, 0, sizeof *seen);
	seen->error = -ECHILD;
}

/* ---- Meanwhile ------------------------------------------------------------ */

/* Overwrite both copies, including the one that the reader reads. */
static void publish_twice(void *unused)
{
	(void)unused;
	publish(1);
	publish(2);
}

/* A slot that was in both chains is reused at once for a task in other chains. */
static void reuse(unsigned i)
{
	struct board *board = &company.scene.board;
	uint32_t slot = company.ref[i].slot;

	HARNESS_MUST(slot_remove(board, company.ref[i], SLOT_REMOVE_ASKED, harness_soon()));
	board->header->cursor = slot;
	struct trackd_ref ref = add(company.other_id, company.other_owner, false);
	if (ref.slot != slot)
		harness_die("the slot was not used again");
}

static void reuse_next(void *unused)
{
	(void)unused;
	reuse(TARGET + 1);
}

static void reuse_first(void *unused)
{
	(void)unused;
	reuse(COMPANY - 1);
}

/* A slot that has left its chains still links to the next record. */
static void reuse_two(void *unused)
{
	HARNESS_MUST(slot_remove(&company.scene.board, company.ref[COMPANY - 1], SLOT_REMOVE_ASKED,
				 harness_soon()));
	reuse_next(unused);
}

/* A slot that has left its chains is filled for a task of the same owner, whose create is then
 * refused. */
static void refuse_in_next(void *unused)
{
	struct board *board = &company.scene.board;
	struct tenant_new task = { .id = company.other_id,
				   .owner = company.owner,
				   .name = "",
				   .message = "",
				   .replace = true };
	struct trackd_ref ref;

	(void)unused;
	(void)add(company.other_id, company.other_owner, false);
	HARNESS_MUST(
		slot_remove(board, company.ref[TARGET + 1], SLOT_REMOVE_ASKED, harness_soon()));
	board->header->cursor = company.ref[TARGET + 1].slot;
	if (tenant_create(board, &task, harness_soon(), &ref) != TRACKD_E_EXISTS)
		harness_die("another owner's task was replaced");
}

/* Two neighbours leave both chains, and the first one's slot is linked again at the head. */
static void free_two_and_come_back(void *unused)
{
	struct board *board = &company.scene.board;

	(void)unused;
	HARNESS_MUST(
		slot_remove(board, company.ref[TARGET + 1], SLOT_REMOVE_ASKED, harness_soon()));
	HARNESS_MUST(
		slot_remove(board, company.ref[TARGET - 1], SLOT_REMOVE_ASKED, harness_soon()));
	board->header->cursor = company.ref[TARGET + 1].slot;
	(void)add(company.id[TARGET + 1], company.owner, false);
}

static void reuse_behind(void *unused)
{
	(void)unused;
	reuse(TARGET - 1);
}

/* The task in front of the target is removed and created again at the head of the same chains. */
static void come_back(void *unused)
{
	unsigned i = TARGET + 1;
	struct board *board = &company.scene.board;

	(void)unused;
	HARNESS_MUST(slot_remove(board, company.ref[i], SLOT_REMOVE_ASKED, harness_soon()));
	board->header->cursor = company.ref[i].slot;
	(void)add(company.id[i], company.owner, false);
}

static void replace_target(void *unused)
{
	(void)unused;
	company.replaced = add(company.id[TARGET], company.owner, true);
}

/* Replace the target, and reuse its slot for another task. */
static void replace_and_reuse(void *unused)
{
	replace_target(unused);
	company.scene.board.header->cursor = company.ref[TARGET].slot;
	(void)add(company.other_id, company.other_owner, false);
}

/* ---- Readers -------------------------------------------------------------- */

static void read_view(void *unused)
{
	const struct board *reader = &company.scene.reader;

	(void)unused;
	seen->error = view_get(reader, company.ref[TARGET], fake_clock(), &seen->view);
}

static void read_message(void *unused)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	(void)unused;
	seen->error = view_get(&company.scene.reader, company.ref[TARGET], fake_clock(), &view);
	if (seen->error < 0)
		return;
	snprintf(seen->task.message, sizeof seen->task.message, "%s", trackd_view_message(&view));
	seen->task.stage = view.stage;
	seen->valid = trackd_view_valid(&view);
}

static void read_copy(void *unused)
{
	(void)unused;
	seen->error =
		view_copy(&company.scene.reader, company.ref[TARGET], fake_clock(), &seen->task);
}

static void read_lookup(void *unused)
{
	(void)unused;
	seen->error =
		view_lookup(&company.scene.reader, company.id[TARGET], fake_clock(), &seen->ref);
}

static void note_met(struct trackd_iter *iter)
{
	struct trackd_ref ref;

	while (view_next(iter, &ref) > 0)
		for (unsigned i = 0; i < COMPANY; i++)
			seen->met[i] += ref.slot == company.ref[i].slot &&
					ref.generation == company.ref[i].generation;
	seen->error = 0;
}

static void read_owner(void *unused)
{
	struct trackd_iter iter;

	(void)unused;
	view_iter_owner(&company.scene.reader, company.owner, &iter);
	note_met(&iter);
}

static void read_all(void *unused)
{
	struct trackd_iter iter;

	(void)unused;
	view_iter_all(&company.scene.reader, &iter);
	note_met(&iter);
}

/* ---- Verdicts ------------------------------------------------------------- */

static bool same_ref(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

/* A version is published in two steps: the stage with its message, then the counts. */
static bool counts_fit(int stage, uint64_t done, uint64_t total)
{
	uint64_t n = (uint64_t)stage;

	return stage >= 0 && stage < VERSIONS &&
	       ((done == 0 && total == 0) || (done == 10 + n && total == 100 + n));
}

static bool message_fits(int stage, const char *message)
{
	static const char *const begins[VERSIONS] = { "first ", "second ", "third " };
	size_t n = stage >= 0 && stage < VERSIONS ? strlen(begins[stage]) : 0;

	/* Compare to the end, so that a word of another version is detected. */
	for (unsigned i = 0; n > 0 && i < 4; i++)
		if (strncmp(message + i * n, begins[stage], n) != 0)
			return false;
	return n > 0 && strlen(message) == 5 * n - 1;
}

static bool view_whole(void)
{
	const struct trackd_view *view = &seen->view;

	return seen->error == 0 && view->state == TRACKD_ACTIVE &&
	       counts_fit(view->stage, view->done, view->total) &&
	       view->revision == 3 + 2 * (uint64_t)view->stage - (view->total == 0);
}

static bool message_whole(void)
{
	return seen->error == 0 &&
	       (!seen->valid || message_fits(seen->task.stage, seen->task.message));
}

static bool copy_whole(void)
{
	const struct trackd_task *task = &seen->task;

	return seen->error == 0 && task->state == TRACKD_ACTIVE &&
	       counts_fit(task->stage, task->done, task->total) &&
	       message_fits(task->stage, task->message) &&
	       strcmp(task->id, company.id[TARGET]) == 0 &&
	       task->revision == 3 + 2 * (uint64_t)task->stage - (task->total == 0);
}

/* A copy of a replaced task: the old version, or TRACKD_E_GONE. */
static bool copy_or_gone(void)
{
	return seen->error == TRACKD_E_GONE || copy_whole();
}

static bool found(void)
{
	return seen->error == 0 &&
	       (same_ref(seen->ref, company.ref[TARGET]) || same_ref(seen->ref, company.replaced));
}

/* Whether each unchanged task was returned once. */
static bool met_others(void)
{
	return seen->error == 0 && seen->met[0] == 1 && seen->met[TARGET] == 1 &&
	       seen->met[TARGET - 1] <= 1 && seen->met[TARGET + 1] <= 1 &&
	       seen->met[COMPANY - 1] <= 1;
}

/* ---- The table ------------------------------------------------------------ */

static const struct trial {
	const char *name;
	tracer_function read, meanwhile;
	bool (*good)(void);
} trials[] = {
	{ "a view, published twice", read_view, publish_twice, view_whole },
	{ "a message in place, published twice", read_message, publish_twice, message_whole },
	{ "a copy, published twice", read_copy, publish_twice, copy_whole },
	{ "a copy, replaced and its slot used again", read_copy, replace_and_reuse, copy_or_gone },
	{ "a lookup, the slot before it used elsewhere", read_lookup, reuse_next, found },
	{ "a lookup, the first slot used elsewhere", read_lookup, reuse_first, found },
	{ "a lookup, the first slot freed, the next used elsewhere", read_lookup, reuse_two,
	  found },
	{ "a lookup, the slot behind it used elsewhere", read_lookup, reuse_behind, found },
	{ "a lookup, the one before it made anew", read_lookup, come_back, found },
	{ "a lookup, replaced", read_lookup, replace_target, found },
	{ "a lookup, replaced and its slot used elsewhere", read_lookup, replace_and_reuse, found },
	{ "an owner's list, a slot used elsewhere", read_owner, reuse_next, met_others },
	{ "an owner's list, the first slot used elsewhere", read_owner, reuse_first, met_others },
	{ "an owner's list, the first slot freed, the next used elsewhere", read_owner, reuse_two,
	  met_others },
	{ "an owner's list, the slot behind used elsewhere", read_owner, reuse_behind, met_others },
	{ "an owner's list, one made anew", read_owner, come_back, met_others },
	{ "an owner's list, a slot claimed in vain", read_owner, refuse_in_next, met_others },
	{ "an owner's list, two freed, one made anew", read_owner, free_two_and_come_back,
	  met_others },
	{ "a list of all, a slot used elsewhere", read_all, reuse_next, met_others },
};

static void say_fault(const struct trial *trial, uint64_t pc)
{
	char name[128];

	tracer_name(pc, name, sizeof name);
	tap_note("%s, before %s: %d, revision %llu stage %d done %llu total %llu \"%.20s\"",
		 trial->name, name, seen->error,
		 (unsigned long long)(seen->view.revision | seen->task.revision),
		 seen->view.stage | seen->task.stage,
		 (unsigned long long)(seen->view.done | seen->task.done),
		 (unsigned long long)(seen->view.total | seen->task.total), seen->task.message);
}

static void run_trial(const struct trial *trial)
{
	struct tracer_path path;
	uint64_t now = fake_clock();
	unsigned bad = 0, missed = 0;

	put_back();
	tracer_step(trial->read, NULL, NULL, NULL, &path);
	for (size_t i = 0; i < path.n; i++) {
		put_back();
		fake_clock_set(now);
		if (!tracer_pause_at(trial->read, NULL, &path.points[i], trial->meanwhile, NULL))
			missed++;
		else if (!trial->good() && bad++ == 0)
			say_fault(trial, path.points[i].pc);
	}
	fake_clock_set(now);
	tap_ok(bad == 0 && missed == 0 && path.n > 0,
	       "%s: interrupted at %zu instructions, %u bad (%u missed)", trial->name, path.n, bad,
	       missed);
	tracer_path_free(&path);
}

int main(void)
{
	if (tracer_impossible())
		return tap_skip_all(tracer_impossible());
	seen = harness_shared(sizeof *seen);
	begin();
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
		run_trial(&trials[i]);
	scene_state_free(&company.begin);
	scene_free(&company.scene);
	return tap_done();
}
