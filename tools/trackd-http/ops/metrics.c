/* SPDX-License-Identifier: MIT */
/*
 * Durations of tasks and stages are taken from a task's record when it ends: by then all of them are
 * known. A record that another task has taken by then, and transitions that the ring lost, are not
 * counted; the board's own counters are complete.
 */
#include "tools/common/time_format.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/follower.h"
#include "tools/trackd-http/ops/metrics_parts.h"
#include "tools/trackd-http/server/respond.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Tasks --------------------------------------------------------------- */

static struct kind_counts *kind_of(struct metrics *metrics, const char *name)
{
	struct kind_counts *kind;

	for (size_t i = 0; i < metrics->n_kinds; i++)
		if (strcmp(metrics->kinds[i].name, name) == 0)
			return &metrics->kinds[i];
	if (metrics->n_kinds == METRICS_KINDS)
		return NULL;
	kind = &metrics->kinds[metrics->n_kinds++];
	memcpy(kind->name, name, strlen(name) + 1);
	return kind;
}

static struct stage_times *stage_of(struct metrics *metrics, const char *kind, const char *name)
{
	struct stage_times *stage;

	for (size_t i = 0; i < metrics->n_stages; i++)
		if (strcmp(metrics->stages[i].stage, name) == 0 &&
		    strcmp(metrics->stages[i].kind, kind) == 0)
			return &metrics->stages[i];
	if (metrics->n_stages == METRICS_STAGES)
		return NULL;
	stage = &metrics->stages[metrics->n_stages++];
	memcpy(stage->kind, kind, strlen(kind) + 1);
	memcpy(stage->stage, name, strlen(name) + 1);
	return stage;
}

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
	return (double)time_between(from_ns, to_ns) / 1e9;
}

static void add_stages(struct metrics *metrics, const struct trackd_task *task)
{
	for (size_t i = 0; i < task->n_stages; i++) {
		const struct trackd_stage *stage = &task->stages[i];
		struct stage_times *times;

		if (stage->started_ns == 0 || stage->finished_ns == 0)
			continue;
		times = stage_of(metrics, task->kind_name, stage->name);
		if (times)
			histogram_add(&times->histogram, &histogram_work,
				      seconds_between(stage->started_ns, stage->finished_ns));
	}
}

static void on_transition(void *user, const struct trackd_event *event)
{
	struct metrics *metrics = user;
	struct trackd_task task;
	int error;
	struct trackd *trackd;

	if (event->type != TRACKD_EVENT_FINAL)
		return;
	trackd = board_connection_reader(metrics->gateway->board, &error);
	if (!trackd || trackd_copy(trackd, event->ref, &task) < 0 ||
	    !trackd_state_final((enum trackd_state)task.state))
		return;
	struct kind_counts *kind = kind_of(metrics, task.kind_name);
	if (kind && task.state <= TRACKD_CANCELLED)
		kind->finished[task.state - TRACKD_COMPLETED]++;
	histogram_add(&metrics->task_times, &histogram_work,
		      seconds_between(task.created_ns, task.finished_ns));
	add_stages(metrics, &task);
}

/* ---- Requests ------------------------------------------------------------ */

static size_t code_slot(unsigned status)
{
	switch (status) {
#define CODE_CASE(code)                                                                            \
	case code:                                                                                 \
		return METRICS_CODE_##code;
		METRICS_CODES(CODE_CASE)
#undef CODE_CASE
	default:
		return METRICS_CODE_OTHER;
	}
}

/* A stream lasts as long as somebody looks: that is no answer's time. What operators ask for is theirs:
 * a scrape of a large board is slow, and keeps nobody waiting. */
void metrics_request(struct metrics *metrics, const struct route *route, enum method method,
		     unsigned status, uint64_t duration_ns)
{
	size_t i = route ? (size_t)(route - metrics->routes) : metrics->n_routes;

	metrics->requests[i][method][code_slot(status)]++;
	if (!route || !(route->flags & (ROUTE_STREAM | ROUTE_ADMIN)))
		histogram_add(&metrics->request_times, &histogram_requests,
			      (double)duration_ns / 1e9);
}

void metrics_auth_failure(struct metrics *metrics, enum auth_failure failure)
{
	metrics->auth_failures[failure]++;
}

void metrics_streams(struct metrics *metrics, int change)
{
	metrics->streams += change;
}

/* ---- Asking -------------------------------------------------------------- */

static bool wants_open_metrics(const struct request *request)
{
	const char *accept = request_header(request, "Accept");

	return accept && strstr(accept, "application/openmetrics-text");
}

/* With zeros before the first end of a task: Prometheus sees no increase in what was not there. */
static void know_kinds(struct metrics *metrics)
{
	struct trackd_kind kind;
	int error;
	struct trackd *trackd = board_connection_reader(metrics->gateway->board, &error);

	for (int k = 0; trackd && trackd_kind_get(trackd, k, &kind) >= 0; k++)
		(void)kind_of(metrics, kind.name);
}

enum MHD_Result metrics_begin(struct request *request)
{
	bool open_metrics = wants_open_metrics(request);
	size_t size;
	struct MHD_Response *response;

	know_kinds(request->gateway->metrics);
	char *text = metrics_text(request->gateway->metrics, open_metrics, &size);
	if (!text)
		return MHD_NO;
	response = response_copy(open_metrics ? "application/openmetrics-text; version=1.0.0; "
						"charset=utf-8"
					      : "text/plain; version=0.0.4; charset=utf-8",
				 text, size);
	free(text);
	if (response)
		response_header(response, MHD_HTTP_HEADER_VARY, "Accept");
	return respond(request, MHD_HTTP_OK, response);
}

/* ---- Beginning and end --------------------------------------------------- */

int metrics_new(struct gateway *gateway, struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);

	if (!metrics)
		return -ENOMEM;
	metrics->gateway = gateway;
	metrics->routes = gateway->routes->rows;
	metrics->n_routes = gateway->routes->n;
	metrics->requests = calloc(metrics->n_routes + 1, sizeof *metrics->requests);
	if (!metrics->requests) {
		free(metrics);
		return -ENOMEM;
	}
	follower_tap(gateway->follower, on_transition, metrics);
	*ret_metrics = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	free(metrics->requests);
	free(metrics);
}
