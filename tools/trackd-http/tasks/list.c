/* SPDX-License-Identifier: MIT */
/*
 * A page ends when it is full, or after a fixed number of tasks has been looked at: then it may
 * have fewer tasks than requested, or none, and its token continues behind the last one looked at.
 * The token names that task, so continuing costs nothing, however deep the page. If the task has
 * left the board, the walk starts at the newest one and skips what has been shown.
 */
#include "tools/trackd-http/tasks/list.h"
#include "tools/common/time_format.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/server/gzip.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/server/text_buffer.h"
#include "tools/trackd-http/server/turns.h"
#include "tools/trackd-http/tasks/list_query.h"
#include "tools/trackd-http/tasks/task_text.h"
#include "tools/trackd-http/tasks/tasks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LOOK_MAX = 2000, SEND_BUFFER = 64 << 10, STATES = TRACKD_CANCELLED + 1 };

/* ---- Walking ------------------------------------------------------------ */

/* A request that walks through an owner's tasks. */
struct walk {
	struct turn turn;
	struct request *request;
	struct trackd_iter iter;
	bool suspended, over;
	int error;
};

static void on_done(struct turn *turn)
{
	struct walk *walk = (struct walk *)(void *)turn;

	if (walk->suspended)
		request_resume(walk->request);
	walk->suspended = false;
}

static void suspend(struct walk *walk)
{
	walk->suspended = true;
	request_suspend(walk->request);
}

/* Walk until the end, or until the units are used up. The callback looks at a task; it returns
 * false to stop. */
static bool go_through(struct walk *walk, int *units,
		       bool (*look)(struct walk *walk, struct trackd *trackd, struct trackd_ref ref,
				    int *units))
{
	struct trackd *trackd =
		board_connection_reader(walk->request->gateway->board, &walk->error);
	struct trackd_ref ref;

	if (!trackd)
		return true;
	while (*units > 0) {
		int found = trackd_next(trackd, &walk->iter, &ref);

		*units -= TURNS_LOOK;
		if (found > 0 && look(walk, trackd, ref, units))
			continue;
		walk->error = found < 0 ? found : 0;
		walk->over = found >= 0;
		return true;
	}
	return false;
}

static enum MHD_Result unfinished(struct walk *walk)
{
	if (walk->request->gateway->draining)
		return respond_retry(walk->request, MHD_HTTP_SERVICE_UNAVAILABLE, 2,
				     "Shutting down");
	return tasks_absent(walk->request, walk->error);
}

static enum MHD_Result respond_fresh(struct request *request, struct MHD_Response *response)
{
	if (response) {
		response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-cache");
		response_header(response, MHD_HTTP_HEADER_VARY, "Authorization, Accept");
	}
	return respond(request, MHD_HTTP_OK, response);
}

/* ---- Pages --------------------------------------------------------------- */

struct listing {
	struct walk walk;
	struct list_query query;
	bool passing; /* skipping what earlier pages have shown */
	size_t n, looked;
	struct list_place last;
	bool more;
	uint64_t now_ns;
	struct text_buffer text;
};

static void write_row(struct listing *listing, const struct trackd_task *task)
{
	char text[TASK_TEXT];

	if (listing->n++ > 0)
		text_buffer_add(&listing->text, ",", 1);
	text_buffer_add(&listing->text, text, task_text(task, listing->now_ns, text));
}

/* Add a task to the page. False: the page is full, and this task begins the next one. */
static bool enter(struct listing *listing, const struct trackd_task *task, int *units)
{
	if (listing->n == listing->query.size) {
		listing->more = true;
		return false;
	}
	write_row(listing, task);
	*units -= TURNS_WRITE;
	return true;
}

static bool list_look(struct walk *walk, struct trackd *trackd, struct trackd_ref ref, int *units)
{
	struct listing *listing = (struct listing *)(void *)walk;
	struct trackd_view view = TRACKD_VIEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;

	listing->looked++;
	if (trackd_get(trackd, ref, &view) < 0)
		return true;
	bool last = listing->looked >= LOOK_MAX;
	if (!last && !listing->passing && !list_query_wants_view(&listing->query, &view, units))
		return true;
	if (trackd_copy(trackd, ref, &task) < 0 ||
	    strcmp(task.owner, walk->request->identity.owner) != 0)
		return true;
	listing->passing = listing->passing && task.serial >= listing->query.from.serial;
	bool wanted = !listing->passing && list_query_wants(&listing->query, &task);
	if (wanted && !enter(listing, &task, units))
		return false;
	if (wanted || last)
		listing->last =
			(struct list_place){ task.ref, listing->passing ? listing->query.from.serial
									: task.serial };
	listing->more = last;
	return !last;
}

static bool list_work(struct turn *turn, int *units)
{
	return go_through((struct walk *)(void *)turn, units, list_look);
}

/* Takes over the bytes. */
static struct MHD_Response *page(struct listing *listing)
{
	char token[LIST_TOKEN], end[LIST_TOKEN + 64] = "],\"next_page_token\":null}";

	if (listing->more) {
		list_place_token(&listing->last, token);
		snprintf(end, sizeof end, "],\"next_page_token\":\"%s\"}", token);
	}
	text_buffer_add(&listing->text, end, strlen(end));
	if (listing->text.failed)
		return NULL;
	char *bytes = listing->text.bytes;
	size_t size = listing->text.size;
	listing->text = (struct text_buffer){ .bytes = NULL };
	return gzip_response(listing->walk.request, "application/json", bytes, size);
}

static enum MHD_Result list_go_on(struct request *request)
{
	struct listing *listing = request->work;

	if (listing->walk.turn.lane) {
		suspend(&listing->walk);
		return MHD_YES;
	}
	return listing->walk.over ? respond_fresh(request, page(listing))
				  : unfinished(&listing->walk);
}

static void list_free(struct request *request)
{
	struct listing *listing = request->work;

	turns_leave(&listing->walk.turn);
	text_buffer_free(&listing->text);
	free(listing);
}

/* Start behind the end of the last page; if that task is gone, at the newest one. */
static int begin_at(struct listing *listing, struct trackd *trackd, const char *owner)
{
	const struct list_place *from = &listing->query.from;
	struct trackd_task task = TRACKD_TASK_INIT;

	listing->last = *from;
	if (!listing->query.resumed)
		return trackd_iter_owner(trackd, owner, &listing->walk.iter);
	/* The last page may have ended among tasks that earlier ones had shown: skip those. */
	listing->passing = trackd_copy(trackd, from->ref, &task) < 0 || task.serial > from->serial;
	int error = trackd_iter_after(trackd, owner, from->ref, &listing->walk.iter);
	if (!trackd_gone(error))
		return error;
	listing->passing = true;
	return trackd_iter_owner(trackd, owner, &listing->walk.iter);
}

/* Limit the kernel's buffer per answer, which it doubles: otherwise forty answers sent in one turn
 * of the loop would take megabytes each. */
static void send_in_pieces(const struct request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int size = SEND_BUFFER;

	if (info)
		(void)setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* request.c continues it at once. An owner that no board can have has no tasks. */
static enum MHD_Result walk_begin(struct walk *walk, bool (*work)(struct turn *turn, int *units),
				  const struct work_class *class, int error)
{
	struct request *request = walk->request;

	request->work = walk;
	request->work_class = class;
	walk->turn = (struct turn){ .work = work, .done = on_done };
	walk->over = error < 0;
	if (error < 0)
		return MHD_YES;
	return turns_enter(request->gateway->turns, &walk->turn, request->identity.owner) < 0
		       ? MHD_NO
		       : MHD_YES;
}

enum MHD_Result list_begin(struct request *request)
{
	static const struct work_class class = { .go_on = list_go_on, .free = list_free };
	struct list_query query;
	int error;
	struct trackd *trackd = board_connection_reader(request->gateway->board, &error);

	if (!trackd)
		return tasks_absent(request, error);
	const char *wrong = list_query_parse(request, trackd, &query);
	if (wrong)
		return respond_error(request, MHD_HTTP_BAD_REQUEST, wrong);
	struct listing *listing = calloc(1, sizeof *listing);
	if (!listing)
		return MHD_NO;
	send_in_pieces(request);
	listing->walk.request = request;
	listing->query = query;
	listing->now_ns = time_now();
	text_buffer_add(&listing->text, "{\"tasks\":[", strlen("{\"tasks\":["));
	return walk_begin(&listing->walk, list_work, &class,
			  begin_at(listing, trackd, request->identity.owner));
}

/* ---- Counts -------------------------------------------------------------- */

struct counting {
	struct walk walk;
	uint64_t n[STATES];
};

static bool count_look(struct walk *walk, struct trackd *trackd, struct trackd_ref ref, int *units)
{
	struct counting *counting = (struct counting *)(void *)walk;
	struct trackd_view view = TRACKD_VIEW_INIT;

	(void)units;
	if (trackd_get(trackd, ref, &view) == 0 && view.state < STATES)
		counting->n[view.state]++;
	return true;
}

static bool count_work(struct turn *turn, int *units)
{
	return go_through((struct walk *)(void *)turn, units, count_look);
}

static struct MHD_Response *counts(const struct counting *counting)
{
	uint64_t open = 0, total = 0;
	json_t *object = json_object();
	int error = object ? 0 : -1;

	for (int state = TRACKD_PENDING; state < STATES; state++) {
		uint64_t n = counting->n[state];

		total += n;
		open += trackd_state_final((enum trackd_state)state) ? 0 : n;
		error |= json_object_set_new(object, trackd_state_name((enum trackd_state)state),
					     json_integer((json_int_t)n));
	}
	error |= json_object_set_new(object, "open", json_integer((json_int_t)open));
	error |= json_object_set_new(object, "total", json_integer((json_int_t)total));
	if (error != 0) {
		json_decref(object);
		return NULL;
	}
	return response_json("application/json", object);
}

static enum MHD_Result count_go_on(struct request *request)
{
	struct counting *counting = request->work;

	if (counting->walk.turn.lane) {
		suspend(&counting->walk);
		return MHD_YES;
	}
	return counting->walk.over ? respond_fresh(request, counts(counting))
				   : unfinished(&counting->walk);
}

static void count_free(struct request *request)
{
	struct counting *counting = request->work;

	turns_leave(&counting->walk.turn);
	free(counting);
}

enum MHD_Result list_begin_counts(struct request *request)
{
	static const struct work_class class = { .go_on = count_go_on, .free = count_free };
	int error;
	struct trackd *trackd = board_connection_reader(request->gateway->board, &error);
	struct counting *counting;

	if (!trackd)
		return tasks_absent(request, error);
	counting = calloc(1, sizeof *counting);
	if (!counting)
		return MHD_NO;
	counting->walk.request = request;
	return walk_begin(&counting->walk, count_work, &class,
			  trackd_iter_owner(trackd, request->identity.owner, &counting->walk.iter));
}
