/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/tasks.h"
#include "tools/common/time_format.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/tasks/conditional_get.h"
#include "tools/trackd-http/tasks/task_text.h"

/* ---- One ---------------------------------------------------------------- */

static struct MHD_Response *make(struct request *request, const struct trackd_task *task)
{
	char text[TASK_TEXT];

	(void)request;
	return response_copy("application/json", text, task_text(task, time_now(), text));
}

enum MHD_Result tasks_absent(struct request *request, int error)
{
	if (error == TRACKD_E_NOT_FOUND)
		return respond_error(request, MHD_HTTP_NOT_FOUND, NULL);
	return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2,
			     "The board cannot be read at the moment");
}

static const struct conditional_get show = { make, tasks_absent };

enum MHD_Result tasks_begin_one(struct request *request)
{
	return conditional_get(request, &show);
}

/* ---- Changes ------------------------------------------------------------ */

/* Find the caller's task, and a connection that may write to it. NULL: an error has been
 * answered. */
static struct trackd *find_for_change(struct request *request, struct trackd_task *ret_task,
				      enum MHD_Result *ret_answer)
{
	struct board_connection *board = request->gateway->board;
	int error = board_connection_find(board, request->id, request->identity.owner, ret_task);
	struct trackd *writer = error < 0 ? NULL : board_connection_writer(board, &error);

	if (!writer)
		*ret_answer = tasks_absent(request, error);
	return writer;
}

static enum MHD_Result change_failed(struct request *request, int error)
{
	switch (error) {
	case TRACKD_E_GONE:
	case TRACKD_E_MOVED:
		return tasks_absent(request, TRACKD_E_NOT_FOUND);
	case TRACKD_E_FINAL:
		return respond_error(request, MHD_HTTP_CONFLICT, "The task is final");
	default:
		return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 1,
				     "The board is busy; try again");
	}
}

enum MHD_Result tasks_begin_cancel(struct request *request)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	enum MHD_Result result = MHD_NO;
	struct trackd *writer = find_for_change(request, &task, &result);

	if (!writer)
		return result;
	int error = trackd_cancel(writer, task.ref);
	if (error < 0)
		return change_failed(request, error);
	error = board_connection_find(request->gateway->board, request->id, request->identity.owner,
				      &task);
	if (error < 0)
		return tasks_absent(request, error);
	return conditional_get_now(request, &show, MHD_HTTP_ACCEPTED, &task);
}

enum MHD_Result tasks_begin_delete(struct request *request)
{
	struct trackd_task task = TRACKD_TASK_INIT;
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
