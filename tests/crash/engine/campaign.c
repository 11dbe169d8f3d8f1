/* SPDX-License-Identifier: MIT */
/* Killing at each instruction; see campaign.h. */
#include "tests/crash/engine/campaign.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/segment/lock.h"
#include "tests/crash/engine/aftermath.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* In a long search, which stores nothing, kill only in this many rounds. */
enum { SEARCHED = 4 };

enum { RECORDED_AGAIN = 50 }; /* at most this often for one instruction */

enum { PRINTED_FAULTS = 5 }; /* different faults of one operation */

/* ---- States that have been checked -------------------------------------- */

static bool insert(uint64_t *table, size_t room, uint64_t hash)
{
	size_t i = hash & (room - 1);

	for (; table[i] != 0; i = (i + 1) & (room - 1))
		if (table[i] == hash)
			return false;
	table[i] = hash;
	return true;
}

static void grow(struct campaign *campaign)
{
	size_t room = campaign->room ? campaign->room * 2 : 1024;
	uint64_t *table = calloc(room, sizeof *table);

	if (!table)
		harness_die("no memory for a campaign");
	for (size_t i = 0; i < campaign->room; i++)
		if (campaign->seen[i] != 0)
			(void)insert(table, room, campaign->seen[i]);
	free(campaign->seen);
	campaign->seen = table;
	campaign->room = room;
}

/* Whether this state is new to the campaign. */
static bool is_new(struct campaign *campaign, uint64_t hash)
{
	if (campaign->n_seen * 2 >= campaign->room)
		grow(campaign);
	bool added = insert(campaign->seen, campaign->room, hash | 1);
	campaign->n_seen += added;
	return added;
}

static void forget_states(struct campaign *campaign)
{
	if (campaign->room > 0)
		memset(campaign->seen, 0, campaign->room * sizeof *campaign->seen);
	campaign->n_seen = 0;
}

void campaign_free(struct campaign *campaign)
{
	free(campaign->seen);
	campaign->seen = NULL;
	campaign->n_seen = campaign->room = 0;
}

/* The different states that deaths left, to be repaired by processes that are killed too. */
struct deaths {
	struct scene_state *states;
	size_t n;
};

/* ---- One operation ------------------------------------------------------ */

struct stage {
	struct campaign *campaign;
	const struct operation *operation;
	struct scene scene;
	struct play play;
	struct scene_state begin;
	struct image before, after;
	uint64_t now;
};

static void report(struct stage *stage, size_t n, uint64_t pc, const char *text)
{
	struct campaign *campaign = stage->campaign;
	char name[128];

	campaign->faults++;
	if (campaign->quiet || campaign->printed == PRINTED_FAULTS ||
	    strcmp(campaign->last, text) == 0)
		return;
	campaign->printed++;
	snprintf(campaign->last, sizeof campaign->last, "%s", text);
	tracer_name(pc, name, sizeof name);
	tap_note("%s, instruction %zu (%s): %s", stage->operation->name, n, name, text);
}

static void take(struct stage *stage, struct image *ret_image)
{
	struct image_fault fault;

	if (!image_take(&stage->scene.reader, ret_image, &fault))
		harness_die("%s, undisturbed: %s", stage->operation->name, fault.text);
}

static void stage_open(struct stage *stage, struct campaign *campaign,
		       const struct operation *operation)
{
	*stage = (struct stage){ .campaign = campaign, .operation = operation };
	scene_make(&stage->scene);
	operation_prepare(operation, &stage->scene, &stage->play);
	stage->now = fake_clock();
	scene_keep(&stage->scene, &stage->begin);
	take(stage, &stage->before);
	operation->run(&stage->play);
	if (stage->play.result != operation->expected)
		harness_die("%s, undisturbed: %d, expected %d", operation->name, stage->play.result,
			    operation->expected);
	take(stage, &stage->after);
	stage->after.counts_twice = operation->counts_twice;
	if (operation->gap)
		snprintf(stage->after.may_miss, sizeof stage->after.may_miss, "%s", stage->play.id);
	scene_put_back(&stage->scene, &stage->begin);
	forget_states(campaign);
	campaign->printed = 0;
	campaign->last[0] = '\0';
}

static void stage_close(struct stage *stage)
{
	operation_finish(&stage->play);
	scene_state_free(&stage->begin);
	scene_free(&stage->scene);
}

static void run_operation(void *argument)
{
	struct stage *stage = argument;

	stage->operation->run(&stage->play);
}

/* Check the board, unless this state was checked before. Returns whether it was new. */
static bool examine(struct stage *stage, size_t n, uint64_t pc)
{
	struct image_fault fault;

	if (!is_new(stage->campaign, scene_hash(&stage->scene)))
		return false;
	stage->campaign->states++;
	if (!aftermath_check(stage->operation, &stage->play, &stage->before, &stage->after, &fault))
		report(stage, n, pc, fault.text);
	return true;
}

/* ---- Once --------------------------------------------------------------- */

static void keep_death(struct stage *stage, struct deaths *deaths)
{
	struct scene_state *more = realloc(deaths->states, (deaths->n + 1) * sizeof *more);

	if (!more)
		harness_die("no memory for the dead");
	deaths->states = more;
	more[deaths->n] = (struct scene_state){ 0 };
	scene_keep(&stage->scene, &more[deaths->n++]);
}

static void record_path(struct stage *stage, struct tracer_path *path)
{
	tracer_path_free(path);
	scene_put_back(&stage->scene, &stage->begin);
	tracer_step(run_operation, stage, NULL, NULL, path);
}

/* Kill a run at instruction n. If a run takes another path because its pid has other digits, record
 * the path again; it may become shorter. */
static bool kill_at(struct stage *stage, struct tracer_path *path, size_t n)
{
	for (unsigned tries = 0; n < path->n; tries++) {
		scene_put_back(&stage->scene, &stage->begin);
		if (tracer_kill_at(run_operation, stage, &path->points[n]))
			return true;
		if (!stage->operation->reads_proc || tries == RECORDED_AGAIN)
			break;
		record_path(stage, path);
	}
	stage->campaign->missed += n < path->n;
	return false;
}

static void kill_one(struct stage *stage, struct tracer_path *path, size_t n,
		     struct deaths *ret_deaths)
{
	struct scene_state death = { 0 };

	if (!kill_at(stage, path, n))
		return;
	stage->campaign->kills++;
	if (ret_deaths)
		scene_keep(&stage->scene, &death);
	bool fresh = examine(stage, n, path->points[n].pc);
	if (fresh && ret_deaths) {
		scene_put_back(&stage->scene, &death);
		keep_death(stage, ret_deaths);
	}
	scene_state_free(&death);
}

void campaign_kill(struct campaign *campaign, const struct operation *operation)
{
	struct tracer_path path = { 0 };
	struct stage stage;

	stage_open(&stage, campaign, operation);
	record_path(&stage, &path);
	for (size_t n = 0; n < path.n; n++)
		if (!operation->searches || path.points[n].hit <= SEARCHED)
			kill_one(&stage, &path, n, NULL);
	tracer_path_free(&path);
	stage_close(&stage);
}

/* ---- Twice -------------------------------------------------------------- */

/* What the daemon's sweep does, for the part of the board that is in use. */
static void run_repair(void *argument)
{
	struct stage *stage = argument;
	struct board *board = &stage->scene.board;

	for (uint32_t slot = slot_next_used(board, 0); slot < board->capacity;
	     slot = slot_next_used(board, slot + 1)) {
		(void)repair_lock(board, slot);
		(void)repair_slot(board, slot, LOCK_TRY);
	}
	for (uint32_t stripe = 0; stripe < board->capacity; stripe++)
		(void)repair_stripe(board, stripe, LOCK_TRY);
}

/* The instructions before which the board differs from its state one instruction earlier. */
struct changes {
	struct stage *stage;
	uint64_t last;
	size_t *at;
	size_t n;
};

static bool note_change(void *argument, size_t n, uint64_t pc)
{
	struct changes *changes = argument;
	uint64_t hash = scene_hash(&changes->stage->scene);

	(void)pc;
	if (n > 0 && hash == changes->last)
		return true;
	changes->last = hash;
	size_t *more = realloc(changes->at, (changes->n + 1) * sizeof *more);
	if (!more)
		harness_die("no memory for changes");
	changes->at = more;
	more[changes->n++] = n;
	return true;
}

/* Kill at each instruction before which the board has changed: this yields every state. */
static void kill_at_changes(struct stage *stage, struct deaths *ret_deaths)
{
	struct changes changes = { .stage = stage };
	struct tracer_path path;

	tracer_step(run_operation, stage, note_change, &changes, &path);
	for (size_t i = 0; i < changes.n; i++)
		kill_one(stage, &path, changes.at[i], ret_deaths);
	free(changes.at);
	tracer_path_free(&path);
}

void campaign_kill_states(struct campaign *campaign, const struct operation *operation)
{
	struct stage stage;

	stage_open(&stage, campaign, operation);
	kill_at_changes(&stage, NULL);
	stage_close(&stage);
}

static void kill_repairers(struct stage *stage, const struct scene_state *death, size_t number,
			   unsigned samples)
{
	struct tracer_path path;

	scene_put_back(&stage->scene, death);
	tracer_step(run_repair, stage, NULL, NULL, &path);
	size_t stride = samples == 0 || path.n < samples ? 1 : path.n / samples;
	/* Start at another instruction each time, so that the samples cover all instructions. */
	for (size_t n = number * 7919 % stride; n < path.n; n += stride) {
		scene_put_back(&stage->scene, death);
		if (!tracer_kill_at(run_repair, stage, &path.points[n])) {
			stage->campaign->missed++;
			continue;
		}
		stage->campaign->double_kills++;
		(void)examine(stage, n, path.points[n].pc);
	}
	tracer_path_free(&path);
}

void campaign_kill_twice(struct campaign *campaign, const struct operation *operation,
			 unsigned every, unsigned samples)
{
	struct deaths deaths = { 0 };
	struct stage stage;

	stage_open(&stage, campaign, operation);
	kill_at_changes(&stage, &deaths);
	for (size_t i = 0; i < deaths.n; i++) {
		if (i % every == 0)
			kill_repairers(&stage, &deaths.states[i], i, samples);
		scene_state_free(&deaths.states[i]);
	}
	free(deaths.states);
	stage_close(&stage);
}

/* ---- Watching ----------------------------------------------------------- */

struct watch {
	struct stage *stage;
	uint64_t slowest;
	size_t n;
};

/* The kernel's clock, because the fake clock stands still. */
static uint64_t true_clock(void)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool look(void *argument, size_t n, uint64_t pc)
{
	struct watch *watch = argument;
	struct stage *stage = watch->stage;
	struct image_fault fault;
	uint64_t begin = true_clock();

	if (!image_check_between(&stage->scene.reader, &stage->before, &stage->after, &fault))
		report(stage, n, pc, fault.text);
	uint64_t took = true_clock() - begin;
	if (took > watch->slowest)
		watch->slowest = took;
	watch->n++;
	return true;
}

size_t campaign_watch(struct campaign *campaign, const struct operation *operation,
		      uint64_t *ret_slowest_ns)
{
	struct tracer_path path;
	struct stage stage;

	stage_open(&stage, campaign, operation);
	struct watch watch = { .stage = &stage };
	tracer_step(run_operation, &stage, look, &watch, &path);
	tracer_path_free(&path);
	stage_close(&stage);
	*ret_slowest_ns = watch.slowest;
	return watch.n;
}
