/* SPDX-License-Identifier: MIT */
/* After a death: readers, repair, and the next operations; see aftermath.h. */
#include "tests/crash/engine/aftermath.h"
#include "libclient/record/record.h"
#include "libclient/record/repair.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include "libclient/signal/event.h"
#include "tests/crash/engine/fake_clock.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/inspection.h"
#include <stdarg.h>
#include <string.h>

/* ---- The next operations on the id -------------------------------------- */

static bool check_exists(struct play *play, struct image_fault *fault)
{
	struct tenant_new task = {
		.id = play->id, .owner = play->owner, .name = "x", .message = "y"
	};
	struct trackd_ref there, ref;
	int error = view_lookup(&play->scene->reader, play->id, fake_clock(), &there);
	int expected = error == 0 ? TRACKD_E_EXISTS : 0;
	int seen = tenant_create(&play->scene->board, &task, harness_soon(), &ref);

	if (seen != expected)
		return image_fail(fault, "create of %s: %s, expected: %s", play->id,
				  trackd_strerror(seen), trackd_strerror(expected));
	return true;
}

static bool check_replace(struct play *play, struct trackd_ref *ret_ref, struct image_fault *fault)
{
	struct tenant_new task = {
		.id = play->id, .owner = play->owner, .name = "x", .message = "y", .replace = true
	};
	int error = tenant_create(&play->scene->board, &task, harness_soon(), ret_ref);

	return error == 0 ? true
			  : image_fail(fault, "replacing %s: %s", play->id, trackd_strerror(error));
}

static bool check_update(struct play *play, struct trackd_ref ref, struct image_fault *fault)
{
	struct board *board = &play->scene->board;
	struct trackd_task task = { 0 };
	struct trackd_ref found = { 0 };
	int error = record_update(board, ref, TRACKD_EMBEDDING, "hello", play->scene->worker,
				  harness_soon());

	if (error == 0)
		error = record_advance(board, ref, 3);
	if (error == 0)
		error = view_lookup(&play->scene->reader, play->id, fake_clock(), &found);
	if (error == 0)
		error = view_copy(&play->scene->reader, found, fake_clock(), &task);
	if (error < 0)
		return image_fail(fault, "updating %s: %s", play->id, trackd_strerror(error));
	if (found.slot != ref.slot || found.generation != ref.generation ||
	    task.stage != TRACKD_EMBEDDING || task.done != 3 ||
	    strcmp(task.message, "hello") != 0 || task.revision != 2)
		return image_fail(fault, "%s does not show its update: stage %d, done %llu",
				  play->id, task.stage, (unsigned long long)task.done);
	return true;
}

static bool check_remove(struct play *play, struct trackd_ref ref, struct image_fault *fault)
{
	struct trackd_ref found;
	int error = slot_remove(&play->scene->board, ref, SLOT_REMOVE_ASKED, harness_soon());

	if (error < 0)
		return image_fail(fault, "removing %s: %s", play->id, trackd_strerror(error));
	error = view_lookup(&play->scene->reader, play->id, fake_clock(), &found);
	return error == TRACKD_E_NOT_FOUND
		       ? true
		       : image_fail(fault, "%s is found after its removal", play->id);
}

/* Events of the next operations must reach readers, past an entry that the dead process left
 * unfinished. */
static bool check_events(struct play *play, uint64_t from, struct image_fault *fault)
{
	const struct board *reader = &play->scene->reader;
	struct trackd_cursor cursor = event_cursor(reader, from);
	struct trackd_event event = TRACKD_EVENT_INIT;
	unsigned removed = 0;

	for (unsigned i = 0; i < 100; i++) {
		while (event_next(reader, &cursor, &event) > 0)
			removed += event.type == TRACKD_EVENT_REMOVED;
		fake_clock_set(fake_clock() + 11 * NS_PER_MS); /* skip unfinished entries */
	}
	return removed > 0 && cursor.next == event_head(reader)
		       ? true
		       : image_fail(fault, "the events after the death do not arrive");
}

/* All tasks except the target are unchanged. */
static bool check_others(const struct operation *operation, struct play *play,
			 const struct image *before, const struct image *after,
			 struct image_fault *fault)
{
	struct image seen;

	if (!image_take(&play->scene->reader, &seen, fault))
		return false;
	for (unsigned i = 0; i < before->n; i++) {
		const char *id = before->tasks[i].id;

		if (strcmp(id, play->id) == 0 || !image_find(after, id) || image_find(&seen, id))
			continue;
		if (!operation->evicts)
			return image_fail(fault, "%s got lost", id);
	}
	return true;
}

static bool work_on(const struct operation *operation, struct play *play,
		    const struct image *before, const struct image *after,
		    struct image_fault *fault)
{
	uint64_t from = event_head(&play->scene->reader);
	struct trackd_ref ref;

	if (operation->repeats) {
		operation->run(play);
		if (play->result < 0)
			return image_fail(fault, "once more: %s", trackd_strerror(play->result));
	}
	return check_exists(play, fault) && check_replace(play, &ref, fault) &&
	       check_update(play, ref, fault) && check_remove(play, ref, fault) &&
	       check_events(play, from, fault) &&
	       check_others(operation, play, before, after, fault);
}

/* ---- Both ways ---------------------------------------------------------- */

static bool repair(struct play *play, struct image_fault *fault)
{
	int error = repair_all(&play->scene->board, harness_soon());

	if (error < 0)
		return image_fail(fault, "repair: %s", trackd_strerror(error));
	/* The first repair mended every fault: a second one has nothing to do. */
	error = repair_all(&play->scene->board, harness_soon());
	return error == 0 ? true : image_fail(fault, "a second repair finds %d things", error);
}

static bool clean(struct play *play, const char *when, struct image_fault *fault)
{
	char text[320];

	if (inspection_faults(&play->scene->board, text, sizeof text) == play->n_held)
		return true;
	return image_fail(fault, "%s: %s", when, text);
}

static bool repaired_first(const struct operation *operation, struct play *play,
			   const struct image *before, const struct image *after,
			   struct image_fault *fault)
{
	return repair(play, fault) && clean(play, "after repair", fault) &&
	       image_check_repaired(&play->scene->reader, before, after, fault) &&
	       work_on(operation, play, before, after, fault) &&
	       clean(play, "after repair and more work", fault);
}

static bool repaired_last(const struct operation *operation, struct play *play,
			  const struct image *before, const struct image *after,
			  struct image_fault *fault)
{
	return work_on(operation, play, before, after, fault) && repair(play, fault) &&
	       clean(play, "after more work and repair", fault);
}

bool aftermath_check(const struct operation *operation, struct play *play,
		     const struct image *before, const struct image *after,
		     struct image_fault *fault)
{
	struct scene_state death = { 0 };
	uint64_t now = fake_clock();

	if (!image_check_between(&play->scene->reader, before, after, fault))
		return false;
	scene_keep(play->scene, &death);
	bool good = repaired_first(operation, play, before, after, fault);
	fake_clock_set(now);
	scene_put_back(play->scene, &death);
	scene_state_free(&death);
	good = good && repaired_last(operation, play, before, after, fault);
	fake_clock_set(now);
	return good;
}
