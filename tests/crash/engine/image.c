/* SPDX-License-Identifier: MIT */
/* The board as readers see it; see image.h. */
#include "tests/crash/engine/image.h"
#include "libclient/record/view.h"
#include "libclient/signal/event.h"
#include "tests/crash/engine/fake_clock.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool image_fail(struct image_fault *fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	return false;
}

static bool same_ref(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

bool image_take(const struct board *board, struct image *ret_image, struct image_fault *fault)
{
	struct trackd_iter iter;
	struct trackd_ref ref;

	ret_image->n = 0;
	view_iter_all(board, &iter);
	while (view_next(&iter, &ref) > 0) {
		/* During a replacement, both the old and the new record. */
		if (ret_image->n == SCENE_CAPACITY + 1)
			return image_fail(fault, "iteration meets more tasks than the board holds");
		struct trackd_task *task = &ret_image->tasks[ret_image->n++];
		int error = view_copy(board, ref, fake_clock(), task);
		if (error < 0)
			return image_fail(fault, "copy of slot %u: %s", ref.slot,
					  trackd_strerror(error));
		task->ref = ref; /* without the board's number, as the iterator gives it */
	}
	return true;
}

const struct trackd_task *image_find(const struct image *image, const char *id)
{
	for (unsigned i = 0; i < image->n; i++)
		if (strcmp(image->tasks[i].id, id) == 0)
			return &image->tasks[i];
	return NULL;
}

static const struct trackd_task *find_ref(const struct image *image, struct trackd_ref ref)
{
	for (unsigned i = 0; i < image->n; i++)
		if (same_ref(image->tasks[i].ref, ref))
			return &image->tasks[i];
	return NULL;
}

/* ---- One record --------------------------------------------------------- */

/* Expiry, the cancellation request and the children's counts are outside the version: each may be old
 * or new. */
static void neutralise(struct trackd_task *task)
{
	task->children = (struct trackd_children){ 0 };
	task->expires_ns = 0;
	task->cancel_requested_ns = 0;
	task->flags &= (uint8_t)~TRACKD_CANCEL_REQUESTED;
}

static bool same_task(const struct trackd_task *seen, const struct trackd_task *expected)
{
	struct trackd_task a = *seen, b = *expected;

	neutralise(&a);
	neutralise(&b);
	/* A copy's padding is zero.
	 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
	return memcmp(&a, &b, sizeof a) == 0;
}

static bool either(uint64_t seen, uint64_t a, uint64_t b)
{
	return seen == a || seen == b;
}

static bool check_task(const struct trackd_task *seen, const struct image *before,
		       const struct image *after, struct image_fault *fault)
{
	const struct trackd_task *old = find_ref(before, seen->ref);
	const struct trackd_task *new = find_ref(after, seen->ref);

	if (!old && !new)
		return image_fail(fault,
				  "slot %u holds %s, generation %u, which is neither old nor new",
				  seen->ref.slot, seen->id, seen->ref.generation);
	old = old ? old : new;
	new = new ? new : old;
	bool is_old = same_task(seen, old), is_new = same_task(seen, new);
	if (!is_old && !is_new)
		return image_fail(
			fault,
			"%s is neither the old nor the new version: revision %llu (old %llu, new "
			"%llu), state %u (%u, %u), stage %d (%d, %d), done %llu (%llu, %llu), "
			"message \"%.20s\"",
			seen->id, (unsigned long long)seen->revision,
			(unsigned long long)old->revision, (unsigned long long)new->revision,
			seen->state, old->state, new->state, seen->stage, old->stage, new->stage,
			(unsigned long long)seen->done, (unsigned long long)old->done,
			(unsigned long long)new->done, seen->message);
	if (!either(seen->expires_ns, old->expires_ns, new->expires_ns))
		return image_fail(fault,
				  "%s expires neither when the old nor when the new one does",
				  seen->id);
	/* The deadline is extended before the commit and shortened after it, so no version expires
	 * early. */
	if (!(is_old && seen->expires_ns >= old->expires_ns) &&
	    !(is_new && seen->expires_ns >= new->expires_ns))
		return image_fail(fault, "%s expires before its version does", seen->id);
	if (!either(seen->cancel_requested_ns, old->cancel_requested_ns, new->cancel_requested_ns))
		return image_fail(fault, "%s was asked to cancel at no time that fits", seen->id);
	if (!after->counts_twice &&
	    memcmp(&seen->children, &old->children, sizeof seen->children) != 0 &&
	    memcmp(&seen->children, &new->children, sizeof seen->children) != 0)
		return image_fail(fault, "%s has neither the old nor the new number of children",
				  seen->id);
	return true;
}

/* A view shows the same as the copy. */
static bool check_view(const struct board *board, const struct trackd_task *task,
		       struct image_fault *fault)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = view_get(board, task->ref, fake_clock(), &view);

	if (error < 0)
		return image_fail(fault, "view of %s: %s", task->id, trackd_strerror(error));
	bool same = view.revision == task->revision && view.done == task->done &&
		    view.total == task->total && view.state == task->state &&
		    view.stage == task->stage && view.reason == task->reason &&
		    strcmp(trackd_view_id(&view), task->id) == 0 &&
		    strcmp(trackd_view_owner(&view), task->owner) == 0 &&
		    strcmp(trackd_view_name(&view), task->name) == 0 &&
		    strcmp(trackd_view_message(&view), task->message) == 0 &&
		    strcmp(trackd_view_error(&view), task->error) == 0 &&
		    strcmp(trackd_view_result(&view), task->result) == 0 &&
		    strcmp(trackd_view_labels(&view), task->labels) == 0 &&
		    strcmp(trackd_view_last_message(&view), task->last_message) == 0 &&
		    trackd_view_last_progress(&view) == task->last_progress &&
		    strcmp(trackd_view_status(&view), task->status) == 0 &&
		    trackd_view_progress(&view) == task->progress;
	if (!trackd_view_valid(&view))
		return image_fail(fault, "the view of %s is not valid, though there are no writers",
				  task->id);
	return same ? true : image_fail(fault, "the view of %s differs from its copy", task->id);
}

/* ---- All of them -------------------------------------------------------- */

static bool check_met(const struct image *seen, const struct image *before,
		      const struct image *after, struct image_fault *fault)
{
	for (unsigned i = 0; i < before->n; i++) {
		struct trackd_ref ref = before->tasks[i].ref;
		unsigned met = 0;

		for (unsigned j = 0; j < seen->n; j++)
			met += same_ref(seen->tasks[j].ref, ref);
		if (met > 1 || (met == 0 && find_ref(after, ref)))
			return image_fail(fault, "iteration meets %s %u times", before->tasks[i].id,
					  met);
	}
	return true;
}

static bool check_lookup(const struct board *board, const char *id, const struct image *before,
			 const struct image *after, struct image_fault *fault)
{
	struct trackd_ref ref;
	int error = view_lookup(board, id, fake_clock(), &ref);

	if (error == TRACKD_E_NOT_FOUND) {
		if (image_find(before, id) && image_find(after, id) &&
		    strcmp(id, after->may_miss) != 0)
			return image_fail(fault,
					  "lookup misses %s, which is there before and after", id);
		return true;
	}
	if (error < 0)
		return image_fail(fault, "lookup of %s: %s", id, trackd_strerror(error));
	const struct trackd_task *old = find_ref(before, ref), *new = find_ref(after, ref);
	if ((old && strcmp(old->id, id) == 0) || (new &&strcmp(new->id, id) == 0))
		return true;
	return image_fail(fault, "lookup of %s gives slot %u, generation %u", id, ref.slot,
			  ref.generation);
}

static bool check_lookups(const struct board *board, const struct image *of,
			  const struct image *before, const struct image *after,
			  struct image_fault *fault)
{
	for (unsigned i = 0; i < of->n; i++)
		if (!check_lookup(board, of->tasks[i].id, before, after, fault))
			return false;
	return check_lookup(board, "no-such-task", before, after, fault);
}

/* The tasks of one owner, newest first, none missed, none twice. */
static bool check_owner(const struct board *board, const char *owner, const struct image *before,
			const struct image *after, struct image_fault *fault)
{
	struct trackd_iter iter;
	struct trackd_ref ref;
	uint64_t serial = UINT64_MAX;
	unsigned stable = 0, met = 0;

	for (unsigned i = 0; i < before->n; i++)
		stable += strcmp(before->tasks[i].owner, owner) == 0 &&
			  find_ref(after, before->tasks[i].ref) != NULL;
	view_iter_owner(board, owner, &iter);
	while (view_next(&iter, &ref) > 0) {
		const struct trackd_task *old = find_ref(before, ref), *new = find_ref(after, ref);
		const struct trackd_task *task = old ? old : new;

		if (!task || strcmp(task->owner, owner) != 0)
			return image_fail(fault, "slot %u is met as %s's", ref.slot, owner);
		if (task->serial >= serial)
			return image_fail(fault, "%s's tasks are not met newest first", owner);
		serial = task->serial;
		met += old && new;
	}
	if (met != stable)
		return image_fail(fault, "%u of %s's %u tasks are met", met, owner, stable);
	return true;
}

static bool check_owners(const struct board *board, const struct image *before,
			 const struct image *after, struct image_fault *fault)
{
	for (unsigned i = 0; i < before->n; i++)
		if (before->tasks[i].owner[0] != '\0' &&
		    !check_owner(board, before->tasks[i].owner, before, after, fault))
			return false;
	return true;
}

/* Events are hints and may be missing, but none makes a reader fail or hang. */
static bool check_events(const struct board *board, struct image_fault *fault)
{
	struct trackd_cursor cursor = event_cursor(board, 0);
	struct trackd_event event = TRACKD_EVENT_INIT;
	unsigned n = 0;
	int error;

	while ((error = event_next(board, &cursor, &event)) > 0)
		if (n++ > LAYOUT_EVENTS)
			return image_fail(fault, "the events have no end");
	return error == 0 ? true : image_fail(fault, "events: %s", trackd_strerror(error));
}

bool image_check_between(const struct board *board, const struct image *before,
			 const struct image *after, struct image_fault *fault)
{
	struct image seen;

	if (!image_take(board, &seen, fault) || !check_met(&seen, before, after, fault))
		return false;
	for (unsigned i = 0; i < seen.n; i++)
		if (!check_task(&seen.tasks[i], before, after, fault) ||
		    !check_view(board, &seen.tasks[i], fault))
			return false;
	return check_lookups(board, before, before, after, fault) &&
	       check_lookups(board, after, before, after, fault) &&
	       check_owners(board, before, after, fault) && check_events(board, fault);
}

bool image_check_repaired(const struct board *board, const struct image *before,
			  const struct image *after, struct image_fault *fault)
{
	struct image seen;

	if (!image_check_between(board, before, after, fault) || !image_take(board, &seen, fault))
		return false;
	for (unsigned i = 0; i < seen.n; i++)
		if (image_find(&seen, seen.tasks[i].id) != &seen.tasks[i])
			return image_fail(fault, "%s is there twice after repair",
					  seen.tasks[i].id);
	return true;
}
