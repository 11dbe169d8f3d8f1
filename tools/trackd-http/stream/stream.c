/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/stream/stream.h"
#include "tools/common/loop_source.h"
#include "tools/trackd-http/auth/stream_token.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/server/request_counts.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/stream/stream_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_USEC = 100000,
	UPDATES_PER_TICK = 400, /* streams that get counts; the others follow in the next tick */
	SEND_BUFFER = 32 << 10, /* the kernel doubles it; it bounds the cost of a slow reader */
	PENDING_MAX = 64 << 10, /* bytes that a reader may lag behind ... */
	UPDATE_TYPICAL = 1300,
	BEHIND_S = 2, /* ... for this long, without taking anything */
	BLOCKED_S = 60,
	BLOCKED_OVER_S = 10,
	HANGUPS = 64,
};

static const char EVENT_STREAM[] = "text/event-stream";

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec + 1; /* never 0 */
}

/* ---- Waking and sending -------------------------------------------------- */

/* Resume, if it sleeps. */
static void stream_wake(struct stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	stream->since = now_s();
	request_resume(stream->request);
}

static struct stream *stream_of(struct watch *watch)
{
	return (struct stream *)(void *)watch;
}

static void on_event(struct watch *watch, const struct trackd_event *event)
{
	struct stream *stream = stream_of(watch);

	/* An up-to-date stream skips straight to the event. */
	if (stream->undelivered++ == 0 && stream->position >= stream->replay_until &&
	    stream->position < event->sequence)
		stream->position = event->sequence;
	stream_wake(stream);
}

static void on_reset(struct watch *watch)
{
	struct stream *stream = stream_of(watch);
	struct streams *streams = stream->streams;
	bool moved_on = strcmp(stream->board, follower_board(streams->gateway->follower)) != 0;

	/* For one task, the stage history replaces what the ring has lost, at the next transition
	 * or once the record is found to have diverged. */
	if (!moved_on && !stream->owned)
		return;
	if (moved_on)
		replay_forget(streams->replay);
	stream->reset = true;
	stream_wake(stream);
}

/* Streams have their own tick. */
static void on_nothing(struct watch *watch)
{
	(void)watch;
}

/* libmicrohttpd calls this when the socket has room. */
static ssize_t on_room(void *cls, uint64_t position, char *to, size_t max)
{
	struct stream *stream = cls;
	size_t size = 0;

	(void)position;
	stream->since = now_s();
	if (stream->hung_up)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	do
		size += text_buffer_take(&stream->out, to + size, max - size);
	while (size < max && stream_deliver(stream));
	if (stream->out.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size > 0) {
		stream->last_sent = stream->since;
		return (ssize_t)size;
	}
	if (stream->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	stream->suspended = true;
	request_suspend(stream->request);
	return 0;
}

/* ---- Time ---------------------------------------------------------------- */

/* Whether counts or the message changed, or the record has diverged. */
static bool look_at_task(struct stream *stream)
{
	struct trackd *trackd = stream_board(stream);
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = trackd ? trackd_get(trackd, stream->of.ref, &view) : -EAGAIN;

	if (error < 0 && !trackd_gone(error))
		return false;
	if (trackd_gone(error) || view.state != stream->delivered.state ||
	    view.stage != stream->delivered.stage) {
		if (stream->suspended && ++stream->strikes >= STREAM_STRIKES)
			stream->diverged = true;
		return stream->diverged;
	}
	stream->strikes = 0;
	stream->moved |=
		view.revision != stream->delivered.revision || view.done != stream->delivered.done;
	/* A final task whose stream is still open needs its end event. */
	return stream->moved || trackd_state_final((enum trackd_state)view.state);
}

static bool look(struct stream *stream)
{
	if (!stream->owned)
		return look_at_task(stream);
	owned_sample(stream);
	return stream->moved || stream->reset;
}

static void cut_off(const struct stream *stream)
{
	(void)shutdown(stream->fd, SHUT_RDWR);
}

/* The socket has had no room for some time. */
static void look_at_blocked(struct stream *stream, time_t now)
{
	time_t blocked = now - stream->since;

	if (blocked >= BEHIND_S && stream->undelivered * UPDATE_TYPICAL > PENDING_MAX)
		stream->reset = true;
	if (blocked >= (stream->expired || stream->ending ? BLOCKED_OVER_S : BLOCKED_S))
		cut_off(stream);
}

/* True: the stream was woken to deliver counts. */
static bool tick(struct stream *stream, time_t now, bool moves)
{
	uint32_t keepalive_s = stream->streams->gateway->config->keepalive_s;

	if (time(NULL) >= stream->request->identity.expires)
		stream->expired = true;
	if (!stream->suspended) {
		look_at_blocked(stream, now);
		return false;
	}
	if (stream->last_sent != 0 && now - stream->last_sent >= (time_t)keepalive_s)
		stream->keepalive_due = true;
	bool moved = moves && look(stream);
	if (moved || stream->keepalive_due || stream->expired)
		stream_wake(stream);
	return moved;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct streams *streams = data;
	time_t now = now_s();
	unsigned n = streams->n, n_moved = 0;

	/* Each tick continues where the last one stopped, so that every stream gets its turn. */
	for (; n > 0; n--) {
		struct stream *stream = streams->turn ? streams->turn : streams->first;

		streams->turn = stream->next;
		n_moved += tick(stream, now, n_moved < UPDATES_PER_TICK);
	}
	if (streams->n == 0)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	(void)sd_event_source_set_time(source, usec + TICK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* libmicrohttpd does not watch a suspended connection. */
static int on_hangups(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct epoll_event events[HANGUPS];
	int n = epoll_wait(fd, events, HANGUPS, 0);

	(void)source;
	(void)revents;
	(void)data;
	for (int i = 0; i < n; i++) {
		struct stream *stream = events[i].data.ptr;

		stream->hung_up = true;
		stream_wake(stream);
	}
	return 0;
}

/* ---- The life of a stream ------------------------------------------------ */

static void enter(struct streams *streams, struct stream *stream)
{
	stream->next = streams->first;
	stream->link = &streams->first;
	if (stream->next)
		stream->next->link = &stream->next;
	streams->first = stream;
	if (streams->n++ == 0) {
		(void)loop_timer_set(streams->tick, TICK_USEC);
	}
	streams->gateway->request_counts->streams++;
}

static void leave(struct streams *streams, struct stream *stream)
{
	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	if (streams->turn == stream)
		streams->turn = stream->next;
	streams->n--;
	streams->gateway->request_counts->streams--;
}

static void stream_free(struct request *request)
{
	struct stream *stream = request->work;
	struct streams *streams = stream->streams;

	follower_unwatch(&stream->watch);
	(void)epoll_ctl(streams->hangup_fd, EPOLL_CTL_DEL, stream->fd, NULL);
	leave(streams, stream);
	limits_stream_leave(&stream->charge);
	text_buffer_free(&stream->out);
	owned_free(stream->owned);
	free(stream);
}

static const struct work_class stream_class = { .free = stream_free };

/* Bound what a slow reader costs, and notice a client that disconnects silently. */
static void prepare_socket(struct stream *stream)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		stream->request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data.ptr = stream };
	int size = SEND_BUFFER;

	stream->fd = info ? info->connect_fd : -1;
	(void)setsockopt(stream->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	(void)epoll_ctl(stream->streams->hangup_fd, EPOLL_CTL_ADD, stream->fd, &event);
}

static struct stream *stream_new(struct request *request, bool owned)
{
	struct stream *stream = calloc(1, sizeof *stream);

	if (!stream || (owned && owned_new(&stream->owned) < 0)) {
		free(stream);
		return NULL;
	}
	stream->watch =
		(struct watch){ .on_event = on_event, .on_reset = on_reset, .on_tick = on_nothing };
	stream->streams = request->gateway->streams;
	stream->request = request;
	stream->since = now_s();
	request->work = stream;
	request->work_class = &stream_class;
	enter(stream->streams, stream);
	prepare_socket(stream);
	return stream;
}

/* ---- Answering ----------------------------------------------------------- */

static void add_headers(struct MHD_Response *response)
{
	response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, EVENT_STREAM);
	response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, no-transform");
	response_header(response, MHD_HTTP_HEADER_VARY, "Authorization, Accept");
	response_header(response, "X-Accel-Buffering", "no");
}

static enum MHD_Result respond_stream(struct request *request, struct MHD_Response *response)
{
	if (response)
		add_headers(response);
	return respond(request, MHD_HTTP_OK, response);
}

/* Any status but 200 would stop an EventSource for good. */
static enum MHD_Result respond_unavailable(struct request *request)
{
	static const char text[] =
		"retry: 15000\n\nevent: unavailable\n"
		"data: {\"detail\":\"The board cannot be read at the moment\"}\n\n";

	return respond_stream(request, response_static(NULL, text, sizeof text - 1));
}

static enum MHD_Result respond_failed(struct request *request, int error)
{
	if (error == TRACKD_E_NOT_FOUND)
		return respond_error(request, MHD_HTTP_NOT_FOUND, NULL);
	return respond_unavailable(request);
}

static enum MHD_Result begin(struct request *request, bool owned, const struct sse_id *last)
{
	struct limits *limits = request->gateway->limits;
	struct limits_charge charge;
	struct stream *stream;
	int error;

	if (!limits_stream_enter(limits, request->address, request->identity.owner, &charge))
		return respond_retry(request, MHD_HTTP_TOO_MANY_REQUESTS, 10,
				     "Too many streams are open");
	stream = stream_new(request, owned);
	if (!stream) {
		limits_stream_leave(&charge);
		return MHD_NO;
	}
	stream->charge = charge;
	error = stream_attach(stream, last);
	if (error < 0)
		return respond_failed(request, error);
	stream_token_use(request->gateway->stream_tokens, request->stream_token);
	return respond_stream(request, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024,
									 on_room, stream, NULL));
}

/* An id that cannot be parsed still means that the client has connected before. */
static const struct sse_id *last_id(const struct request *request, struct sse_id *id)
{
	const char *text = request_header(request, "Last-Event-ID");

	*id = (struct sse_id){ .sequence = UINT64_MAX };
	if (!text || text[0] == '\0')
		return NULL;
	(void)sse_id_parse(text, id);
	return id;
}

/* The client has received the end of this generation. */
static bool has_ended(const struct sse_id *last, const struct trackd_task *task)
{
	return last && last->end && last->generation == task->ref.generation &&
	       trackd_state_final((enum trackd_state)task->state);
}

enum MHD_Result stream_begin_task(struct request *request)
{
	struct sse_id id;
	const struct sse_id *last = last_id(request, &id);
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = board_connection_find(request->gateway->board, request->id,
					  request->identity.owner, &task);

	/* A client that has received the end needs nothing more, even if the task is gone. */
	if (error == 0 ? has_ended(last, &task) : error == TRACKD_E_NOT_FOUND && last && last->end)
		return respond(request, MHD_HTTP_NO_CONTENT, response_empty());
	if (error < 0)
		return respond_failed(request, error);
	if (request->method == METHOD_HEAD)
		return respond_stream(request, response_empty());
	return begin(request, false, last);
}

enum MHD_Result stream_begin_owner(struct request *request)
{
	struct sse_id id;
	int error;

	if (!board_connection_reader(request->gateway->board, &error))
		return respond_unavailable(request);
	if (request->method == METHOD_HEAD)
		return respond_stream(request, response_empty());
	return begin(request, true, last_id(request, &id));
}

/* ---- All streams ----------------------------------------------------------- */

static int add_sources(struct streams *streams)
{
	sd_event *event = streams->gateway->event;
	int error;

	streams->hangup_fd = epoll_create1(EPOLL_CLOEXEC);
	if (streams->hangup_fd < 0)
		return -errno;
	error = sd_event_add_io(event, &streams->hangups, streams->hangup_fd, EPOLLIN, on_hangups,
				streams);
	if (error >= 0)
		error = loop_timer(event, &streams->tick, 1000, on_tick, streams);
	return error < 0 ? error : 0;
}

int streams_new(struct gateway *gateway, struct streams **ret_streams)
{
	struct streams *streams = calloc(1, sizeof *streams);
	int error;

	if (!streams)
		return -ENOMEM;
	streams->gateway = gateway;
	streams->hangup_fd = -1;
	error = replay_new(&streams->replay);
	if (error == 0)
		error = add_sources(streams);
	if (error < 0) {
		streams_free(streams);
		return error;
	}
	*ret_streams = streams;
	return 0;
}

void streams_wake(struct streams *streams)
{
	for (struct stream *stream = streams->first; stream; stream = stream->next)
		stream_wake(stream);
}

void streams_free(struct streams *streams)
{
	if (!streams)
		return;
	sd_event_source_disable_unref(streams->tick);
	sd_event_source_disable_unref(streams->hangups);
	if (streams->hangup_fd >= 0)
		close(streams->hangup_fd);
	for (unsigned i = 0; i < STREAM_SHARED; i++)
		free(streams->shared[i].text);
	replay_free(streams->replay);
	free(streams);
}
