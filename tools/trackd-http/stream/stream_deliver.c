/* SPDX-License-Identifier: MIT */
/*
 * Chooses and writes the next event of a stream. There is no queue: transitions are read back from
 * the ring in order, and every other change is a flag, so a slow client gets the newest values.
 */
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/daemon_probe.h"
#include "tools/trackd-http/stream/stream_parts.h"
#include "tools/trackd-http/tasks/public_task.h"
#include "tools/trackd-http/tasks/transition.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RETRY_MIN_MS = 2000, RETRY_SPREAD_MS = 3001, RETRY_AWAY_MS = 15000 };

struct trackd *stream_board(const struct stream *stream)
{
	int error;

	return board_connection_reader(stream->streams->gateway->board, &error);
}

static struct follower *follower_of(const struct stream *stream)
{
	return stream->streams->gateway->follower;
}

static void make_id(const struct stream *stream, uint64_t sequence, char ret_id[SSE_ID])
{
	struct sse_id id = { .sequence = sequence };

	memcpy(id.board, follower_board(follower_of(stream)), sizeof id.board);
	sse_id_text(&id, ret_id);
}

/* The id that stands for `position`. */
static void stream_id(const struct stream *stream, char ret_id[SSE_ID])
{
	make_id(stream, stream->position, ret_id);
}

static bool is_final(uint8_t state)
{
	return trackd_state_final((enum trackd_state)state);
}

/* ---- Writing events -------------------------------------------------------- */

/* Takes the reference. */
static void put(struct stream *stream, const char *event, const char *id, json_t *document)
{
	char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;

	json_decref(document);
	if (text)
		sse_event(&stream->out, event, id, text);
	else
		stream->out.failed = true;
	free(text);
}

static void put_gone(struct stream *stream, const char *id, const char *reason)
{
	char position[SSE_ID];

	stream_id(stream, position);
	put(stream, "gone", position, json_pack("{s:s, s:s}", "id", id, "reason", reason));
}

static void put_unavailable(struct stream *stream)
{
	text_buffer_format(&stream->out, "retry: %d\n\n", RETRY_AWAY_MS);
	put(stream, "unavailable", NULL,
	    json_pack("{s:s}", "detail", "The board cannot be read at the moment"));
	stream->ending = true;
}

bool stream_put_update(struct stream *stream, const struct trackd_task *task,
		       const struct trackd_event *event, unsigned flags)
{
	char id[SSE_ID], *text = transition_text(task, event, flags);
	bool numbered = event && !(flags & TRANSITION_REBUILT);

	if (!text) {
		stream->out.failed = true;
		return false;
	}
	if (numbered)
		stream_id(stream, id);
	sse_event(&stream->out, "update", numbered ? id : NULL, text);
	free(text);
	return true;
}

/* ---- Beginning ----------------------------------------------------------- */

static bool can_resume(const struct stream *stream, const struct sse_id *last)
{
	const struct follower *follower = follower_of(stream);

	if (!last || strcmp(last->board, follower_board(follower)) != 0 ||
	    last->sequence > follower_position(follower))
		return false;
	return replay_readable(stream_board(stream), last->sequence) == last->sequence;
}

/* Call it whenever a stream attaches: no stream may have been open when the board was replaced. */
static void use_board(struct streams *streams, const char *board)
{
	if (strcmp(streams->board, board) == 0)
		return;
	replay_forget(streams->replay);
	memcpy(streams->board, board, sizeof streams->board);
}

/* Set where the stream starts. True: it resumes where the client left off. */
static bool take_position(struct stream *stream, const struct sse_id *last)
{
	uint64_t now = follower_position(follower_of(stream));
	struct trackd_cursor head;

	memcpy(stream->board, follower_board(follower_of(stream)), sizeof stream->board);
	use_board(stream->streams, stream->board);
	stream->position = stream->replay_until = now;
	stream->undelivered = stream->strikes = 0;
	stream->reset = stream->moved = stream->diverged = false;
	trackd_cursor_now(stream_board(stream), &head);
	stream->snapshot_end = head.next;
	if (!can_resume(stream, last))
		return false;
	stream->position = last->sequence;
	return true;
}

static void put_beginning(struct stream *stream, bool anew)
{
	uint16_t random = 0;

	if (stream->last_sent == 0) {
		if (getrandom(&random, sizeof random, 0) < 0)
			random = 0;
		text_buffer_format(&stream->out, "retry: %d\n\n",
				   RETRY_MIN_MS + random % RETRY_SPREAD_MS);
	}
	if (anew)
		put(stream, "reset", NULL, json_pack("{s:s}", "reason", "lost"));
}

static int attach_task(struct stream *stream, const struct sse_id *last, bool anew)
{
	const struct request *request = stream->request;
	struct trackd_task task = TRACKD_TASK_INIT;
	char id[SSE_ID];
	int error = board_connection_find(request->gateway->board, request->id,
					  request->identity.owner, &task);

	if (error < 0)
		return error;
	/* Subscribe before reading, so that no transition is missed. */
	stream->of.ref = task.ref;
	follower_watch_task(follower_of(stream), &stream->watch, task.ref);
	bool resumed = take_position(stream, last);
	error = trackd_copy(stream_board(stream), task.ref, &task);
	if (error < 0)
		return trackd_gone(error) ? TRACKD_E_NOT_FOUND : error;
	put_beginning(stream, anew || (last && !resumed));
	delivered_task(&stream->delivered, &task);
	if (resumed)
		delivered_until(&stream->delivered, &task,
				replay_time_before(stream_board(stream), stream->position));
	stream_id(stream, id);
	put(stream, "snapshot", id, public_task_json(&task));
	return 0;
}

static int attach_owner(struct stream *stream, const struct sse_id *last, bool anew)
{
	const char *owner = stream->request->identity.owner;
	char id[SSE_ID];

	stream->of.owner = true;
	stream->of.owner_hash = trackd_owner_hash(stream_board(stream), owner);
	follower_watch_owner(follower_of(stream), &stream->watch, owner);
	bool resumed = take_position(stream, last);
	put_beginning(stream, anew || (last && !resumed));
	stream_id(stream, id);
	owned_list_begin(stream, id);
	return 0;
}

static int attach(struct stream *stream, const struct sse_id *last, bool anew)
{
	int error;

	if (!board_connection_reader(stream->streams->gateway->board, &error))
		return error;
	follower_read(follower_of(stream));
	return stream->owned ? attach_owner(stream, last, anew) : attach_task(stream, last, anew);
}

int stream_attach(struct stream *stream, const struct sse_id *last)
{
	return attach(stream, last, false);
}

/* References and hashes are only valid on their own board, so the stream attaches again. */
static void restart(struct stream *stream, bool anew)
{
	int error;

	follower_unwatch(&stream->watch);
	error = attach(stream, NULL, anew);
	if (error == 0)
		return;
	if (error != TRACKD_E_NOT_FOUND) {
		put_unavailable(stream);
		return;
	}
	put_gone(stream, stream->request->id, "removed");
	stream->ending = true;
}

/* ---- Transitions --------------------------------------------------------- */

static struct shared_update *shared_of(const struct stream *stream, uint64_t sequence)
{
	return &stream->streams->shared[sequence % STREAM_SHARED];
}

/* Reuse the text that another stream has made for the same transition. */
static bool put_shared(struct stream *stream, const struct trackd_event *event)
{
	const struct shared_update *shared = shared_of(stream, event->sequence);

	if (!shared->text || shared->sequence != event->sequence ||
	    strcmp(shared->board, stream->board) != 0 ||
	    strcmp(shared->owner, stream->request->identity.owner) != 0)
		return false;
	text_buffer_add(&stream->out, shared->text, strlen(shared->text));
	return true;
}

static void share(struct stream *stream, const struct trackd_event *event, size_t from)
{
	struct shared_update *shared = shared_of(stream, event->sequence);

	free(shared->text);
	shared->text = strndup(stream->out.bytes + from, stream->out.size - from);
	shared->sequence = event->sequence;
	memcpy(shared->board, stream->board, sizeof shared->board);
	memcpy(shared->owner, stream->request->identity.owner, sizeof shared->owner);
}

/* Fill in the task in the state in which the transition left it. False: it belongs to another
 * owner, or the ring no longer holds enough to identify it. */
static bool task_of(struct stream *stream, const struct trackd_event *event,
		    struct trackd_task *ret_task)
{
	const char *owner = stream->request->identity.owner;
	const char *id = stream->owned ? event->id : stream->request->id;
	struct trackd *trackd = stream_board(stream);

	if (trackd_copy(trackd, event->ref, ret_task) < 0) {
		transition_alone(trackd, event, id, owner, ret_task);
		stream->reset |= id[0] == '\0';
		return id[0] != '\0';
	}
	return strcmp(ret_task->owner, owner) == 0;
}

static void put_missing(struct stream *stream, const struct trackd_task *task,
			const struct trackd_event *before)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	struct trackd_task then = TRACKD_TASK_INIT;
	int stage;

	while ((stage = delivered_missing(&stream->delivered, task, before)) >= 0) {
		transition_rebuild(task, stage, &event);
		then = *task;
		transition_apply(&then, &event);
		if (!stream_put_update(stream, &then, &event, TRANSITION_REBUILT))
			return;
		delivered_event(&stream->delivered, &event);
	}
}

static void put_transition(struct stream *stream, const struct trackd_event *event)
{
	bool replayed = event->sequence < stream->replay_until;
	struct trackd_task task = TRACKD_TASK_INIT;

	if (!task_of(stream, event, &task))
		return;
	if (!stream->owned)
		put_missing(stream, &task, event);
	if (!replayed && put_shared(stream, event))
		return;
	size_t from = stream->out.size;
	transition_apply(&task, event);
	if (stream_put_update(stream, &task, event, replayed ? TRANSITION_REPLAYED : 0) &&
	    !replayed && !stream->out.failed)
		share(stream, event, from);
}

/* The record is gone. A stream of one task restarts if a new task now has the same id. */
static void deliver_gone(struct stream *stream, const struct trackd_event *event)
{
	const char *reason = event->type == TRACKD_EVENT_EXPIRED ? "expired" : "removed";

	if (stream->owned) {
		owned_delivered(stream->owned, event);
		if (event->id[0] != '\0')
			put_gone(stream, event->id, reason);
		else
			stream->reset = true; /* the event does not say which task is gone */
		return;
	}
	struct trackd_task task = TRACKD_TASK_INIT;
	const struct request *request = stream->request;
	if (board_connection_find(request->gateway->board, request->id, request->identity.owner,
				  &task) == 0) {
		restart(stream, true);
		return;
	}
	put_gone(stream, request->id, reason);
	stream->ending = true;
}

static void deliver_event(struct stream *stream, const struct trackd_event *event)
{
	if (event->type == TRACKD_EVENT_REMOVED || event->type == TRACKD_EVENT_EXPIRED) {
		deliver_gone(stream, event);
		return;
	}
	put_transition(stream, event);
	if (stream->owned)
		owned_delivered(stream->owned, event);
	else
		delivered_event(&stream->delivered, event);
}

/* The ring has overtaken a slow reader. For one task, the stage history can replace what was lost
 * before the oldest readable transition; but not for a client that is still catching up after a
 * reconnect. */
static void skip_lost(struct stream *stream)
{
	if (stream->owned || stream->position < stream->replay_until) {
		stream->reset = true;
		return;
	}
	stream->position = replay_readable(stream_board(stream), stream->position);
}

/* True: something was written, or the ring has lost something. */
static bool deliver_transition(struct stream *stream)
{
	uint64_t until = follower_position(follower_of(stream));
	struct trackd_event event = TRACKD_EVENT_INIT;

	if (stream->undelivered == 0 && stream->position >= stream->replay_until) {
		stream->position = until;
		return false;
	}
	int result = replay_next(stream->streams->replay, stream_board(stream), &stream->of,
				 &stream->position, until, &event);
	if (result < 0) {
		skip_lost(stream);
		return true;
	}
	if (result == 0) {
		stream->undelivered = 0;
		return false;
	}
	if (event.sequence >= stream->replay_until && stream->undelivered > 0)
		stream->undelivered--;
	stream->strikes = 0;
	deliver_event(stream, &event);
	return true;
}

/* ---- Other events ---------------------------------------------------------- */

/* Send counts and message, if the record is still in the stage that was last sent. */
static void deliver_counts(struct stream *stream)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	stream->moved = false;
	if (trackd_copy(stream_board(stream), stream->of.ref, &task) < 0 ||
	    task.state != stream->delivered.state || task.stage != stream->delivered.stage)
		return; /* a transition will follow */
	stream->delivered.revision = task.revision;
	stream->delivered.done = task.done;
	(void)stream_put_update(stream, &task, NULL, 0);
}

/* The record has differed from what was sent for some time, and no transition came: its producer
 * died between publishing the state and writing the event. Fill the gap from the stage history, or
 * send everything again. */
static void resync(struct stream *stream)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;

	stream->diverged = false;
	if (trackd_copy(stream_board(stream), stream->of.ref, &task) < 0) {
		restart(stream, true);
		return;
	}
	put_missing(stream, &task, NULL);
	if (is_final(task.state) && !is_final(stream->delivered.state)) {
		transition_rebuild(&task, -1, &event);
		(void)stream_put_update(stream, &task, &event, TRANSITION_REBUILT);
		delivered_event(&stream->delivered, &event);
	}
	if (task.state != stream->delivered.state || task.stage != stream->delivered.stage)
		stream->reset = true;
}

static bool end_is_due(const struct stream *stream)
{
	return !stream->owned && is_final(stream->delivered.state) &&
	       follower_position(follower_of(stream)) >= stream->snapshot_end;
}

static void deliver_end(struct stream *stream)
{
	struct sse_id end = { .sequence = stream->position,
			      .end = true,
			      .generation = stream->of.ref.generation };
	struct trackd_task task = TRACKD_TASK_INIT;
	char id[SSE_ID];

	if (trackd_copy(stream_board(stream), stream->of.ref, &task) < 0) {
		restart(stream, true);
		return;
	}
	memcpy(end.board, follower_board(follower_of(stream)), sizeof end.board);
	sse_id_text(&end, id);
	put(stream, "end", id, public_task_json(&task));
	stream->ending = true;
}

/* The id keeps the position of a quiet task's stream from falling out of the ring. */
static bool deliver_keepalive(struct stream *stream)
{
	char id[SSE_ID];

	if (!stream->keepalive_due)
		return false;
	stream->keepalive_due = false;
	stream_id(stream, id);
	text_buffer_format(&stream->out, ": ka\nid: %s\n\n", id);
	return true;
}

/* Sent without an id: it does not affect where a client resumes. */
static bool deliver_daemon(struct stream *stream)
{
	bool down = !daemon_is_up(stream->streams->gateway->daemon);

	if (down == stream->reported_down)
		return false;
	stream->reported_down = down;
	sse_event(&stream->out, "daemon", NULL, down ? "{\"up\":false}" : "{\"up\":true}");
	return true;
}

static bool deliver_one(struct stream *stream)
{
	if (stream->owned && owned_listing(stream->owned))
		owned_list_more(stream);
	else if (stream->reset)
		restart(stream, true);
	else if (deliver_transition(stream) || (stream->owned && owned_deliver(stream)))
		return true;
	else if (stream->diverged)
		resync(stream);
	else if (end_is_due(stream))
		deliver_end(stream);
	else if (stream->moved && !stream->owned)
		deliver_counts(stream);
	else
		return deliver_daemon(stream) || deliver_keepalive(stream);
	return true;
}

bool stream_deliver(struct stream *stream)
{
	if (stream->expired || stream->streams->gateway->draining)
		stream->ending = true;
	/* A step may write nothing and only lead to the next one. */
	while (!stream->ending && !stream->out.failed && deliver_one(stream))
		if (!text_buffer_empty(&stream->out))
			return true;
	return !text_buffer_empty(&stream->out);
}
