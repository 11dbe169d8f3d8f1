/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/look.h"
#include "libclient/segment/layout_words.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Say what is wrong; false. */
#define FAULT(look, ...) (snprintf((look)->fault, sizeof(look)->fault, __VA_ARGS__), false)

/* An error that trackd.h knows: one of its own, or an errno that the calls name. */
static bool known_error(int error)
{
	switch (error) {
#define KNOWN(name, value, text) case name:
		TRACKD_ERRORS(KNOWN)
#undef KNOWN
	case -EAGAIN:
	case -ETIMEDOUT:
	case -EINVAL:
	case -ENOENT:
		return true;
	}
	return error >= 0;
}

static bool check_error(struct look *look, const char *call, int error)
{
	return known_error(error) || FAULT(look, "%s returned %d", call, error);
}

/* ---- Views -------------------------------------------------------------- */

static bool check_string(struct look *look, const char *what, const char *text, size_t max)
{
	if (!text)
		return FAULT(look, "the view's %s is NULL", what);
	size_t length = strlen(text);
	if (look->still && length > max)
		return FAULT(look, "the view's %s has %zu bytes", what, length);
	return true;
}

static bool check_view(struct look *look, const struct trackd_view *view)
{
	int progress = trackd_view_progress(view);

	if (progress < 0 || progress > 100)
		return FAULT(look, "a view's progress is %d", progress);
	if (view->stage < -1 || view->stage >= TRACKD_STAGES_MAX)
		return FAULT(look, "a view's stage is %d", view->stage);
	(void)trackd_view_valid(view);
	return check_string(look, "id", trackd_view_id(view), TRACKD_ID_MAX) &&
	       check_string(look, "owner", trackd_view_owner(view), TRACKD_OWNER_MAX) &&
	       check_string(look, "name", trackd_view_name(view), TRACKD_NAME_MAX) &&
	       check_string(look, "message", trackd_view_message(view), TRACKD_MESSAGE_MAX) &&
	       check_string(look, "error", trackd_view_error(view), TRACKD_ERROR_MAX) &&
	       check_string(look, "status", trackd_view_status(view), TRACKD_STAGE_NAME_MAX);
}

/* ---- Copies ------------------------------------------------------------- */

#define CHECK_END(task, field)                                                                     \
	(memchr((task)->field, '\0', sizeof(task)->field) ||                                       \
	 FAULT(look, "a copy's " #field " has no end"))

static bool check_stages(struct look *look, const struct trackd_task *task)
{
	if (task->n_stages > TRACKD_STAGES_MAX)
		return FAULT(look, "a copy has %u stages", task->n_stages);
	for (unsigned i = 0; i < TRACKD_STAGES_MAX; i++)
		if (!memchr(task->stages[i].name, '\0', sizeof task->stages[i].name) ||
		    task->stages[i].state > TRACKD_STAGE_ENDED)
			return FAULT(look, "stage %u of a copy is not one", i);
	return true;
}

static bool check_task(struct look *look, const struct trackd_task *task)
{
	if (task->progress > 100)
		return FAULT(look, "a copy's progress is %u", task->progress);
	if (task->stage < -1 || task->stage >= TRACKD_STAGES_MAX)
		return FAULT(look, "a copy's stage is %d", task->stage);
	(void)trackd_worker_alive(task);
	return CHECK_END(task, id) && CHECK_END(task, owner) && CHECK_END(task, name) &&
	       CHECK_END(task, status) && CHECK_END(task, message) && CHECK_END(task, error) &&
	       CHECK_END(task, kind_name) && CHECK_END(task, worker_comm) &&
	       check_stages(look, task);
}

/* ---- Calls -------------------------------------------------------------- */

static bool look_at(struct look *look, struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;

	int error = trackd_get(look->trackd, ref, &view);
	if (!check_error(look, "trackd_get", error) || (error == 0 && !check_view(look, &view)))
		return false;
	if (error == 0 &&
	    !check_error(look, "trackd_wait",
			 trackd_wait(look->trackd, ref, TRACKD_WAIT_CHANGE, &view, 0)))
		return false;
	error = trackd_copy(look->trackd, ref, &task);
	if (!check_error(look, "trackd_copy", error) || (error == 0 && !check_task(look, &task)))
		return false;
	return check_error(look, "trackd_cancel_requested",
			   trackd_cancel_requested(look->trackd, ref)) &&
	       check_error(look, "trackd_wait",
			   trackd_wait(look->trackd, ref, TRACKD_WAIT_FINAL, NULL, 0));
}

/* Whatever the links say, an owner's list shows no other owner's tasks. */
static bool is_owners(struct look *look, struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (!look->still || trackd_get(look->trackd, ref, &view) < 0)
		return true;
	return strcmp(trackd_view_owner(&view), look->owner) == 0 ||
	       FAULT(look, "%s's tasks include one of %.63s", look->owner,
		     trackd_view_owner(&view));
}

static bool walk(struct look *look, const char *what, struct trackd_iter *iter, bool closely)
{
	struct trackd_ref ref;
	uint32_t n = 0;

	while (trackd_next(look->trackd, iter, &ref) > 0) {
		if (n++ >= look->capacity)
			return FAULT(look, "iterating %s met more tasks than there are slots",
				     what);
		if ((ref.slot & REF_SLOT_MASK) >= look->capacity)
			return FAULT(look, "iterating %s met slot %u", what, ref.slot);
		if (closely ? !look_at(look, ref) : !is_owners(look, ref))
			return false;
	}
	return true;
}

/* Whatever the families hold, a walk of children ends. */
static bool look_at_children(struct look *look, struct trackd_ref ref)
{
	struct trackd_rollup rollup = TRACKD_ROLLUP_INIT;
	struct trackd_iter iter;
	struct trackd_ref child;
	uint32_t n = 0;
	int error = trackd_iter_children(look->trackd, ref, &iter);

	if (!check_error(look, "trackd_iter_children", error))
		return false;
	while (error == 0 && trackd_next(look->trackd, &iter, &child) > 0)
		if (n++ >= look->capacity)
			return FAULT(look, "%u children are more than there are slots", n);
	return check_error(look, "trackd_rollup", trackd_rollup(look->trackd, ref, &rollup));
}

static bool look_by_id(struct look *look)
{
	struct trackd_ref ref;

	for (unsigned i = 0; i < look->n_ids; i++) {
		int error = trackd_lookup(look->trackd, look->ids[i], &ref);
		if (!check_error(look, "trackd_lookup", error))
			return false;
		if (error == 0 && (!look_at(look, ref) || !look_at_children(look, ref)))
			return false;
	}
	return true;
}

static bool look_around(struct look *look)
{
	struct trackd_iter iter;

	trackd_iter_all(look->trackd, &iter);
	if (!walk(look, "all", &iter, true))
		return false;
	int error = trackd_iter_owner(look->trackd, look->owner, &iter);
	return check_error(look, "trackd_iter_owner", error) &&
	       walk(look, "an owner", &iter, false);
}

static bool check_event(struct look *look, const struct trackd_event *event)
{
	if (!memchr(event->id, '\0', sizeof event->id))
		return FAULT(look, "an event's id has no end");
	if (event->stage < -1 || event->stage >= TRACKD_STAGES_MAX)
		return FAULT(look, "an event's stage is %d", event->stage);
	return true;
}

static bool look_at_events(struct look *look)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	int result = 1;

	for (int i = 0; i < 64 && result != 0; i++) {
		result = trackd_next_event(look->trackd, &look->cursor, &event);
		if (!check_error(look, "trackd_next_event", result) ||
		    (result == 1 && !check_event(look, &event)))
			return false;
	}
	return check_error(look, "trackd_wait_event",
			   trackd_wait_event(look->trackd, &look->cursor, 0));
}

static bool look_at_kinds(struct look *look)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;

	for (int i = -1; i <= TRACKD_KINDS_MAX; i++) {
		int error = trackd_kind_get(look->trackd, i, &kind);
		if (error < 0 && i > 1)
			break;
		if (error == 0 && (kind.n_stages < 0 || kind.n_stages > TRACKD_STAGES_MAX ||
				   !memchr(kind.name, '\0', sizeof kind.name)))
			return FAULT(look, "kind %d is not one", i);
		(void)trackd_stage_find(look->trackd, i, "embedding");
	}
	return check_error(look, "trackd_kind_find", trackd_kind_find(look->trackd, "document"));
}

static bool look_at_stats(struct look *look)
{
	struct trackd_stats stats = { .size = sizeof stats };

	return check_error(look, "trackd_stats", trackd_stats(look->trackd, &stats)) &&
	       (memchr(stats.board, '\0', sizeof stats.board) ||
		FAULT(look, "the statistics' board has no end"));
}

bool look_round(struct look *look)
{
	(void)trackd_owner_hash(look->trackd, look->owner);
	return look_by_id(look) && look_around(look) && look_at_events(look) &&
	       look_at_kinds(look) && look_at_stats(look);
}
