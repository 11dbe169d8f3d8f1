/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/conditional_get.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/tasks/entity.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct waits {
	struct gateway *gateway;
	struct wait *first;
};

/* A request waiting for its task to change. */
struct wait {
	struct watch watch;
	struct request *request;
	const struct conditional_get *show;
	struct wait *next, **link;
	struct trackd_ref ref;
	uint64_t revision, done; /* the version that the caller has */
	sd_event_source *timer;
	bool suspended, preferred, over;
};

/* ---- Answering ---------------------------------------------------------- */

static void add_headers(struct request *request, struct MHD_Response *response,
			const struct trackd_task *task, const char *tag, bool preferred)
{
	response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-cache");
	response_header(response, MHD_HTTP_HEADER_VARY, "Authorization, Accept");
	if (!trackd_state_final((enum trackd_state)task->state))
		response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (preferred) {
		char applied[64];
		bool unused;

		snprintf(applied, sizeof applied, "wait=%lld",
			 (long long)(entity_wait_ms(request, &unused) / 1000));
		response_header(response, "Preference-Applied", applied);
	}
}

static enum MHD_Result answer(struct request *request, const struct conditional_get *show,
			      unsigned status, const struct trackd_task *task, const char *tag,
			      bool unchanged, bool preferred)
{
	struct MHD_Response *response = unchanged ? response_empty() : show->make(request, task);

	if (!response)
		return MHD_NO;
	add_headers(request, response, task, tag, preferred);
	return respond(request, unchanged ? MHD_HTTP_NOT_MODIFIED : status, response);
}

enum MHD_Result conditional_get_now(struct request *request, const struct conditional_get *show,
				    unsigned status, const struct trackd_task *task)
{
	char tag[ENTITY_TAG];

	entity_tag(request->gateway, task, tag);
	return answer(request, show, status, task, tag, false, false);
}

/* ---- Waiting ------------------------------------------------------------ */

static void wake(struct wait *wait)
{
	if (!wait->suspended)
		return;
	wait->suspended = false;
	request_due(wait->request);
	request_resume(wait->request);
}

static void on_event(struct watch *watch, const struct trackd_event *event)
{
	(void)event;
	wake((struct wait *)(void *)watch);
}

static void on_reset(struct watch *watch)
{
	wake((struct wait *)(void *)watch);
}

static void on_tick(struct watch *watch)
{
	struct wait *wait = (struct wait *)(void *)watch;
	struct gateway *gateway = wait->request->gateway;
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error;
	struct trackd *trackd = board_connection_reader(gateway->board, &error);

	if (!trackd || trackd_get(trackd, wait->ref, &view) < 0 ||
	    view.revision != wait->revision || view.done != wait->done)
		wake(wait);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct wait *wait = data;

	(void)source;
	(void)usec;
	wait->over = true;
	wake(wait);
	return 0;
}

static void wait_free(struct request *request)
{
	struct wait *wait = request->work;

	follower_unwatch(&wait->watch);
	*wait->link = wait->next;
	if (wait->next)
		wait->next->link = wait->link;
	sd_event_source_disable_unref(wait->timer);
	free(wait);
}

static enum MHD_Result wait_go_on(struct request *request)
{
	struct wait *wait = request->work;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = board_connection_find(request->gateway->board, request->id,
					  request->identity.owner, &task);
	char tag[ENTITY_TAG];

	if (error < 0)
		return wait->show->absent(request, error);
	entity_tag(request->gateway, &task, tag);
	bool unchanged = entity_unchanged(request, tag);
	if (unchanged && !wait->over && !request->gateway->draining) {
		wait->suspended = true;
		request_suspend(request);
		return MHD_YES;
	}
	return answer(request, wait->show, MHD_HTTP_OK, &task, tag, unchanged, wait->preferred);
}

static const struct work_class wait_class = { .go_on = wait_go_on, .free = wait_free };

static enum MHD_Result begin_wait(struct request *request, const struct conditional_get *show,
				  const struct trackd_task *task, int64_t ms, bool preferred)
{
	struct gateway *gateway = request->gateway;
	struct wait *wait = calloc(1, sizeof *wait);

	if (!wait)
		return MHD_NO;
	*wait = (struct wait){
		.watch = { .on_event = on_event, .on_reset = on_reset, .on_tick = on_tick },
		.request = request,
		.show = show,
		.next = gateway->waits->first,
		.link = &gateway->waits->first,
		.ref = task->ref,
		.revision = task->revision,
		.done = task->done,
		.preferred = preferred
	};
	if (wait->next)
		wait->next->link = &wait->next;
	gateway->waits->first = wait;
	request->work = wait;
	request->work_class = &wait_class;
	follower_watch_task(gateway->follower, &wait->watch, task->ref);
	if (sd_event_add_time_relative(gateway->event, &wait->timer, CLOCK_MONOTONIC,
				       (uint64_t)ms * 1000, 10000, on_timer, wait) < 0)
		return MHD_NO;
	/* libmicrohttpd calls again, without a body; then the task is checked again and the request
	 * suspended. */
	return MHD_YES;
}

enum MHD_Result conditional_get(struct request *request, const struct conditional_get *show)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	bool preferred;
	char tag[ENTITY_TAG];
	int64_t ms = entity_wait_ms(request, &preferred);

	if (ms < 0)
		return respond_error(request, MHD_HTTP_BAD_REQUEST,
				     "wait must be a number of seconds, 0 to 60");
	int error = board_connection_find(request->gateway->board, request->id,
					  request->identity.owner, &task);
	if (error < 0)
		return show->absent(request, error);
	entity_tag(request->gateway, &task, tag);
	bool unchanged = entity_unchanged(request, tag);
	if (unchanged && ms > 0)
		return begin_wait(request, show, &task, ms, preferred);
	return answer(request, show, MHD_HTTP_OK, &task, tag, unchanged, preferred);
}

/* ---- All waits ---------------------------------------------------------- */

int waits_new(struct gateway *gateway, struct waits **ret_waits)
{
	struct waits *waits = calloc(1, sizeof *waits);

	if (!waits)
		return -ENOMEM;
	waits->gateway = gateway;
	*ret_waits = waits;
	return 0;
}

void waits_end(struct waits *waits)
{
	for (struct wait *wait = waits->first; wait; wait = wait->next) {
		wait->over = true;
		wake(wait);
	}
}

void waits_free(struct waits *waits)
{
	free(waits);
}
