/* SPDX-License-Identifier: MIT */
#include "tasks.h"
#include "board.h"
#include "respond.h"
#include "show.h"
#include "tools/common/task_json.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- One ---------------------------------------------------------------- */

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static json_t *links(const struct trackd_task *task)
{
	return json_pack("{s:o, s:o, s:o}", "self", json_sprintf("/v1/tasks/%s", task->id),
			 "events", json_sprintf("/v1/tasks/%s/events", task->id), "cancel",
			 json_sprintf("/v1/tasks/%s/cancel", task->id));
}

void tasks_hide_pid(struct trackd_task *task)
{
	char *open = NULL, *close;

	if (task->reason != TRACKD_REASON_WORKER_LOST)
		return;
	/* The last one: a program's name may have brackets as well. */
	for (char *at = task->error; (at = strchr(at, '[')) != NULL; at++)
		if (at[1 + strspn(at + 1, "0123456789")] == ']')
			open = at;
	if (!open)
		return;
	close = strchr(open, ']');
	memmove(open, close + 1, strlen(close + 1) + 1);
}

json_t *tasks_json(const struct trackd_task *task)
{
	struct task_json_options options = { .now_ns = wall_ns() };
	struct trackd_task shown = *task;

	tasks_hide_pid(&shown);
	json_t *object = task_json(&shown, &options);

	if (object && json_object_set_new(object, "links", links(task)) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static struct MHD_Response *make(struct request *request, const struct trackd_task *task)
{
	(void)request;
	return response_json("application/json", tasks_json(task));
}

static enum MHD_Result absent(struct request *request, int error)
{
	if (error == TRACKD_E_NOT_FOUND)
		return respond_error(request, MHD_HTTP_NOT_FOUND, NULL);
	return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2,
			     "The board cannot be read at the moment");
}

static const struct show show = { make, absent };

enum MHD_Result tasks_begin_one(struct request *request)
{
	return show_task(request, &show);
}

/* ---- Many --------------------------------------------------------------- */

enum { PAGE_DEFAULT = 50, PAGE_MAX = 500 };

struct listing {
	struct trackd *trackd;
	int state, kind; /* -1: any */
	uint64_t below;  /* serial: the page begins under it */
	size_t size;
	json_t *tasks;
	uint64_t last; /* serial of the last task of the page */
	bool more;
};

static int parse_state(const char *name)
{
	for (int state = TRACKD_PENDING; state <= TRACKD_CANCELLED; state++)
		if (strcmp(name, trackd_state_name((enum trackd_state)state)) == 0)
			return state;
	return -EINVAL;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || number > max)
		return false;
	*ret_number = number;
	return true;
}

/* NULL, or what is wrong with the query. */
static const char *parse_listing(const struct request *request, struct listing *listing)
{
	const char *state = request_query(request, "state"), *kind = request_query(request, "kind");
	const char *size = request_query(request, "page_size");
	const char *token = request_query(request, "page_token");
	uint64_t number;

	listing->state = state ? parse_state(state) : -1;
	if (state && listing->state < 0)
		return "state must be pending, active, completed, failed or cancelled";
	listing->kind = kind ? trackd_kind_find(listing->trackd, kind) : -1;
	if (kind && listing->kind < 0)
		return "there is no such kind";
	if (size && (!parse_number(size, PAGE_MAX, &number) || number == 0))
		return "page_size must be a number, 1 to 500";
	listing->size = size ? (size_t)number : PAGE_DEFAULT;
	listing->below = UINT64_MAX;
	if (token && !parse_number(token, UINT64_MAX, &listing->below))
		return "page_token must be one that was handed out";
	return NULL;
}

static bool is_wanted(const struct listing *listing, const struct trackd_task *task,
		      const char *owner)
{
	/* The record may have changed hands since the iterator met it. */
	return strcmp(task->owner, owner) == 0 && task->serial < listing->below &&
	       (listing->state < 0 || task->state == listing->state) &&
	       (listing->kind < 0 || task->kind == listing->kind);
}

static int collect(struct listing *listing, const char *owner)
{
	struct trackd_iter iter;
	struct trackd_ref ref;
	struct trackd_task task;
	int error = trackd_iter_owner(listing->trackd, owner, &iter);

	while (error == 0 && trackd_next(listing->trackd, &iter, &ref) > 0) {
		if (trackd_copy(listing->trackd, ref, &task) < 0 ||
		    !is_wanted(listing, &task, owner))
			continue;
		if (json_array_size(listing->tasks) == listing->size) {
			listing->more = true;
			break;
		}
		if (json_array_append_new(listing->tasks, tasks_json(&task)) < 0)
			return -ENOMEM;
		listing->last = task.serial;
	}
	return error;
}

enum MHD_Result tasks_begin_list(struct request *request)
{
	struct listing listing = { 0 };
	struct MHD_Response *response;
	int error;

	listing.trackd = board_reader(request->gateway->board, &error);
	if (!listing.trackd)
		return absent(request, error);
	const char *wrong = parse_listing(request, &listing);
	if (wrong)
		return respond_error(request, MHD_HTTP_BAD_REQUEST, wrong);
	listing.tasks = json_array();
	if (!listing.tasks || collect(&listing, request->identity.owner) < 0) {
		json_decref(listing.tasks);
		return MHD_NO;
	}
	response = response_json(
		"application/json",
		json_pack("{s:o, s:o}", "tasks", listing.tasks, "next_page_token",
			  listing.more ? json_sprintf("%" PRIu64, listing.last) : json_null()));
	if (response) {
		response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-cache");
		response_header(response, MHD_HTTP_HEADER_VARY, "Authorization, Accept");
	}
	return respond(request, MHD_HTTP_OK, response);
}

/* ---- Changes ------------------------------------------------------------ */

/* The caller's task and a connection that may write to it; else the answer has been given. */
static struct trackd *find_for_change(struct request *request, struct trackd_task *ret_task,
				      enum MHD_Result *ret_answer)
{
	struct board *board = request->gateway->board;
	int error = board_find(board, request->id, request->identity.owner, ret_task);
	struct trackd *writer = error < 0 ? NULL : board_writer(board, &error);

	if (!writer)
		*ret_answer = absent(request, error);
	return writer;
}

static enum MHD_Result change_failed(struct request *request, int error)
{
	switch (error) {
	case TRACKD_E_GONE:
		return absent(request, TRACKD_E_NOT_FOUND);
	case TRACKD_E_FINAL:
		return respond_error(request, MHD_HTTP_CONFLICT, "The task is final");
	default:
		return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 1,
				     "The board is busy; try again");
	}
}

enum MHD_Result tasks_begin_cancel(struct request *request)
{
	struct trackd_task task;
	enum MHD_Result result = MHD_NO;
	struct trackd *writer = find_for_change(request, &task, &result);

	if (!writer)
		return result;
	int error = trackd_cancel(writer, task.ref);
	if (error < 0)
		return change_failed(request, error);
	error = board_find(request->gateway->board, request->id, request->identity.owner, &task);
	if (error < 0)
		return absent(request, error);
	return show_now(request, &show, MHD_HTTP_ACCEPTED, &task);
}

enum MHD_Result tasks_begin_delete(struct request *request)
{
	struct trackd_task task;
	enum MHD_Result result = MHD_NO;
	struct trackd *writer = find_for_change(request, &task, &result);

	if (!writer)
		return result;
	if (!trackd_state_final((enum trackd_state)task.state))
		return respond_error(request, MHD_HTTP_CONFLICT,
				     "The task is not final; cancel it first");
	int error = trackd_remove(writer, task.ref);
	if (error < 0)
		return change_failed(request, error);
	return respond(request, MHD_HTTP_NO_CONTENT, response_empty());
}
