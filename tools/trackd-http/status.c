/* SPDX-License-Identifier: MIT */
#include "status.h"
#include "documents.h"
#include "respond.h"
#include "show.h"
#include "tasks.h"
#include "tools/common/task_json.h"
#include <string.h>

struct status {
	const char *id, *status, *message, *error;
	int progress;
};

static struct MHD_Response *body(const struct status *status)
{
	return response_json(
		"application/json",
		json_pack("{s:s, s:s, s:i, s:o, s:o}", "document_id", status->id, "status",
			  status->status, "progress", status->progress, "message",
			  task_json_text(status->message), "error",
			  status->error ? task_json_text(status->error) : json_null()));
}

struct MHD_Response *status_body(const struct trackd_task *task)
{
	struct status status = { task->id, task->status, task->message, NULL, task->progress };
	struct trackd_task shown;

	if (task->state == TRACKD_FAILED) {
		shown = *task;
		tasks_hide_pid(&shown);
		status.error = shown.error;
	} else if (task->state == TRACKD_CANCELLED) {
		/* The original knew no such status. */
		status.status = "failed";
		status.error = "Cancelled";
	}
	return body(&status);
}

static struct MHD_Response *make(struct request *request, const struct trackd_task *task)
{
	(void)request;
	return status_body(task);
}

/* Not on the board, or somebody else's: the same from here on. */
static enum MHD_Result absent(struct request *request, int error)
{
	static const struct status finished = { NULL, "completed", "Document ready", NULL, 100 };
	struct status status = finished;
	int found = documents_finished(request->gateway->documents, request->id,
				       request->identity.owner);

	if (found > 0) {
		status.id = request->id;
		return respond(request, MHD_HTTP_OK, body(&status));
	}
	if (error == TRACKD_E_NOT_FOUND)
		return respond_error(request, MHD_HTTP_NOT_FOUND, "Document not found");
	/* Neither it nor its absence can be told. */
	return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2, "Service unavailable");
}

enum MHD_Result status_begin(struct request *request)
{
	static const struct show show = { make, absent };

	return show_task(request, &show);
}
