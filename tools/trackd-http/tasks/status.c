/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/status.h"
#include "tools/trackd-http/board/documents.h"
#include "tools/trackd-http/server/json_write.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/tasks/conditional_get.h"
#include "tools/trackd-http/tasks/public_task.h"
#include "tools/trackd-http/tasks/tasks.h"
#include <string.h>

/*
 * By far the most requested body, always with the same five members: so it is written straight into
 * a buffer, without a JSON document in between.
 */

struct status {
	const char *id, *status, *message, *error; /* error NULL: none */
	unsigned progress;                         /* 0 to 100 */
};

static size_t write_body(char ret_text[STATUS_TEXT], const struct status *status)
{
	char *end = ret_text;

	end = json_write_text(json_write_plain(end, "{\"document_id\":"), status->id);
	end = json_write_text(json_write_key(end, "status"), status->status);
	end = json_write_number(json_write_key(end, "progress"), status->progress);
	end = json_write_text(json_write_key(end, "message"), status->message);
	end = json_write_key(end, "error");
	end = status->error ? json_write_text(end, status->error) : json_write_plain(end, "null");
	*end++ = '}';
	return (size_t)(end - ret_text);
}

size_t status_text(const struct trackd_task *task, char ret_text[STATUS_TEXT])
{
	struct status status = { task->id, task->status, task->message, NULL, task->progress };
	char error[TRACKD_ERROR_MAX + 1];

	if (task->state == TRACKD_FAILED) {
		public_task_error(task, error);
		status.error = error;
		status.progress = 0; /* the original service answered 0 in any stage */
	} else if (task->state == TRACKD_CANCELLED) {
		/* The original service had no cancelled status. */
		status.status = "failed";
		status.error = "Cancelled";
		status.progress = 0;
	}
	return write_body(ret_text, &status);
}

static struct MHD_Response *response_of(const char *text, size_t size)
{
	return response_copy("application/json", text, size);
}

struct MHD_Response *status_body(const struct trackd_task *task)
{
	char text[STATUS_TEXT];

	return response_of(text, status_text(task, text));
}

static struct MHD_Response *make(struct request *request, const struct trackd_task *task)
{
	(void)request;
	return status_body(task);
}

/* Not on the board, or another user's: handled the same from here on. */
static enum MHD_Result absent(struct request *request, int error)
{
	static const struct status finished = { NULL, "completed", "Document ready", NULL, 100 };
	struct status status = finished;
	char text[STATUS_TEXT];
	int found = documents_finished(request->gateway->documents, request->id,
				       request->identity.owner);

	if (found > 0) {
		status.id = request->id;
		return respond(request, MHD_HTTP_OK, response_of(text, write_body(text, &status)));
	}
	if (found == 0 && error == TRACKD_E_NOT_FOUND)
		return respond_error(request, MHD_HTTP_NOT_FOUND, "Document not found");
	/* It is unknown whether the document exists: answer the same for every document that is not
	 * the caller's on the board. */
	return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2, "Service unavailable");
}

enum MHD_Result status_begin(struct request *request)
{
	static const struct conditional_get show = { make, absent };

	return conditional_get(request, &show);
}
