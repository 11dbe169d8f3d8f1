/* SPDX-License-Identifier: MIT */
/*
 * Streams of all of an owner's tasks. The snapshot is a list that is written while it is sent, one
 * data line per task, so that five hundred tasks need no more memory than one. Ten times a second,
 * the counts of active tasks are compared with those seen last.
 */
#include "tools/common/growth.h"
#include "tools/common/time_format.h"
#include "tools/trackd-http/stream/stream_parts.h"
#include "tools/trackd-http/tasks/task_text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS_MAX = 500, NOT_DELIVERED = -2 };

/* An active task, as last seen or delivered. */
struct seen {
	struct trackd_ref ref;
	uint64_t revision, done;
	int8_t stage;    /* NOT_DELIVERED: the client does not know the task yet */
	uint8_t strikes; /* samples for which it differed and no transition explained it */
	bool moved;
};

struct owned {
	bool listing;
	unsigned n_listed;
	struct trackd_iter iter;
	bool deep; /* searching beyond the newest tasks: the next sample continues at `older` */
	struct trackd_iter older;
	struct seen *seen;
	size_t n_seen, room;
};

int owned_new(struct owned **ret_owned)
{
	*ret_owned = calloc(1, sizeof **ret_owned);
	return *ret_owned ? 0 : -ENOMEM;
}

void owned_free(struct owned *owned)
{
	if (!owned)
		return;
	free(owned->seen);
	free(owned);
}

/* ---- Tasks seen ------------------------------------------------------------ */

static bool same_ref(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

/* The list and the walk are both newest first, so the match is usually right behind the last
 * one. */
static struct seen *find(struct owned *owned, struct trackd_ref ref, unsigned *hint)
{
	for (unsigned i = 0; i < owned->n_seen; i++) {
		unsigned at = (unsigned)((*hint + i) % owned->n_seen);

		if (same_ref(owned->seen[at].ref, ref)) {
			*hint = at + 1;
			return &owned->seen[at];
		}
	}
	return NULL;
}

static bool make_room(struct owned *owned)
{
	struct seen *seen =
		growth_reserve(owned->seen, owned->n_seen, &owned->room, sizeof *seen, 8);

	if (seen)
		owned->seen = seen;
	return seen != NULL;
}

/* The entry of an active task, added if it is missing. NULL: there are too many. */
static struct seen *enter(struct owned *owned, struct trackd_ref ref)
{
	unsigned hint = 0;
	struct seen *seen = find(owned, ref, &hint);

	if (seen || owned->n_seen >= TASKS_MAX || !make_room(owned))
		return seen;
	seen = &owned->seen[owned->n_seen++];
	*seen = (struct seen){ .ref = ref };
	return seen;
}

static void note(struct owned *owned, struct trackd_ref ref, int8_t stage, uint64_t revision,
		 uint64_t done)
{
	struct seen *seen = enter(owned, ref);

	if (!seen)
		return;
	seen->stage = stage;
	seen->revision = revision;
	seen->done = done;
	seen->strikes = 0;
}

static void forget(struct owned *owned, struct trackd_ref ref)
{
	unsigned hint = 0;
	struct seen *seen = find(owned, ref, &hint);

	if (seen)
		*seen = owned->seen[--owned->n_seen];
}

/* ---- The list ------------------------------------------------------------ */

bool owned_listing(const struct owned *owned)
{
	return owned->listing;
}

void owned_list_begin(struct stream *stream, const char *id)
{
	struct owned *owned = stream->owned;

	owned->n_listed = 0;
	owned->n_seen = 0;
	owned->deep = false;
	owned->listing = trackd_iter_owner(stream_board(stream), stream->request->identity.owner,
					   &owned->iter) == 0;
	text_buffer_format(&stream->out, "event: snapshot\nid: %s\ndata: {\"tasks\":[\n", id);
	if (!owned->listing)
		stream->out.failed = true;
}

/* The owner's next task, newest first. */
static bool next_task(struct stream *stream, struct trackd_task *ret_task)
{
	struct trackd *trackd = stream_board(stream);
	struct trackd_ref ref;

	ret_task->size = sizeof *ret_task;
	while (trackd_next(trackd, &stream->owned->iter, &ref) > 0)
		/* The record may have been reused since the iterator found it. */
		if (trackd_copy(trackd, ref, ret_task) == 0 &&
		    strcmp(ret_task->owner, stream->request->identity.owner) == 0)
			return true;
	return false;
}

void owned_list_more(struct stream *stream)
{
	struct owned *owned = stream->owned;
	struct trackd_task task = TRACKD_TASK_INIT;
	char text[TASK_TEXT];
	bool more = next_task(stream, &task);

	if (!more || owned->n_listed == TASKS_MAX) {
		owned->listing = false;
		text_buffer_format(&stream->out, "data: ],\"more\":%s}\n\n",
				   more ? "true" : "false");
		return;
	}
	if (task.state == TRACKD_ACTIVE)
		note(owned, task.ref, task.stage, task.revision, task.done);
	text_buffer_format(&stream->out, "data: %s", owned->n_listed++ > 0 ? "," : "");
	text_buffer_add(&stream->out, text, task_text(&task, time_now(), text));
	text_buffer_add(&stream->out, "\n", 1);
}

/* ---- Changes without a transition ------------------------------------------ */

static void compare(struct stream *stream, struct seen *seen, const struct trackd_view *view)
{
	if (view->state != TRACKD_ACTIVE || view->stage != seen->stage) {
		/* Its transition is about to arrive, or its producer died. */
		if (stream->suspended && ++seen->strikes >= STREAM_STRIKES)
			stream->reset = true;
		return;
	}
	seen->strikes = 0;
	if (view->revision == seen->revision && view->done == seen->done)
		return;
	seen->revision = view->revision;
	seen->done = view->done;
	seen->moved = stream->moved = true;
}

static bool is_active(struct trackd *trackd, struct trackd_ref ref, struct trackd_view *ret_view)
{
	ret_view->size = sizeof *ret_view;
	return trackd_get(trackd, ref, ret_view) == 0 && ret_view->state == TRACKD_ACTIVE;
}

/* Enter active tasks that the client does not know yet: their transitions are about to arrive, or
 * their producers died. True: there are older tasks, behind *ret_iter. */
static bool look_for_new(struct stream *stream, struct trackd *trackd, struct trackd_iter *ret_iter)
{
	struct owned *owned = stream->owned;
	struct trackd_ref ref;
	struct trackd_view view = TRACKD_VIEW_INIT;
	unsigned hint = 0, n = 0;

	if (trackd_iter_owner(trackd, stream->request->identity.owner, ret_iter) < 0)
		return false;
	for (; n < TASKS_MAX && trackd_next(trackd, ret_iter, &ref) > 0; n++)
		if (is_active(trackd, ref, &view) && !find(owned, ref, &hint))
			note(owned, ref, NOT_DELIVERED, 0, 0);
	return n == TASKS_MAX;
}

/* The snapshot has only the newest tasks. An older one that is active is delivered as an update.
 * Each sample looks at some of them, so that one among ten thousand is found within two seconds. */
static void look_deeper(struct stream *stream, struct trackd *trackd)
{
	struct owned *owned = stream->owned;
	struct trackd_ref ref;
	struct trackd_view view = TRACKD_VIEW_INIT;
	unsigned hint = 0;

	for (unsigned n = 0; n < TASKS_MAX; n++) {
		owned->deep = trackd_next(trackd, &owned->older, &ref) > 0;
		if (!owned->deep)
			return;
		if (!is_active(trackd, ref, &view) || find(owned, ref, &hint))
			continue;
		struct seen *seen = enter(owned, ref);
		if (!seen)
			return;
		seen->stage = view.stage;
		seen->revision = view.revision;
		seen->done = view.done;
		seen->moved = stream->moved = true;
	}
}

void owned_sample(struct stream *stream)
{
	struct owned *owned = stream->owned;
	struct trackd *trackd = stream_board(stream);
	struct trackd_iter iter;
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (!trackd || owned->listing)
		return;
	for (unsigned i = 0; i < owned->n_seen; i++)
		if (trackd_get(trackd, owned->seen[i].ref, &view) == 0)
			compare(stream, &owned->seen[i], &view);
		else if (stream->suspended && ++owned->seen[i].strikes >= STREAM_STRIKES)
			stream->reset = true;
	bool older = look_for_new(stream, trackd, &iter);
	if (older && !owned->deep)
		owned->older = iter;
	if (older)
		look_deeper(stream, trackd);
}

bool owned_deliver(struct stream *stream)
{
	struct owned *owned = stream->owned;
	struct trackd_task task = TRACKD_TASK_INIT;

	for (unsigned i = 0; stream->moved && i < owned->n_seen; i++) {
		if (!owned->seen[i].moved)
			continue;
		owned->seen[i].moved = false;
		if (trackd_copy(stream_board(stream), owned->seen[i].ref, &task) < 0 ||
		    task.state != TRACKD_ACTIVE || task.stage != owned->seen[i].stage ||
		    strcmp(task.owner, stream->request->identity.owner) != 0)
			continue; /* a transition will follow */
		return stream_put_update(stream, &task, NULL, 0);
	}
	stream->moved = false;
	return false;
}

void owned_delivered(struct owned *owned, const struct trackd_event *event)
{
	if (event->state != TRACKD_ACTIVE || event->type == TRACKD_EVENT_REMOVED ||
	    event->type == TRACKD_EVENT_EXPIRED)
		forget(owned, event->ref);
	else
		note(owned, event->ref, event->stage, event->revision, event->done);
}
