/* SPDX-License-Identifier: MIT */
/* The body is {"task": ID}; {} or an empty body selects the stream of all of the caller's tasks.
 * The task's existence is not checked here: the stream reports a missing task. */
#include "tools/trackd-http/tasks/stream_token_route.h"
#include "libclient/record/internal.h"
#include "tools/trackd-http/auth/stream_token.h"
#include "tools/trackd-http/server/respond.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BODY_MAX = 1024 };

struct body {
	size_t size;
	char text[BODY_MAX];
	bool too_long;
};

static enum MHD_Result take(struct request *request, const char *data, size_t size)
{
	struct body *body = request->work;

	if (size > sizeof body->text - body->size) {
		body->too_long = true;
		return MHD_YES;
	}
	memcpy(body->text + body->size, data, size);
	body->size += size;
	return MHD_YES;
}

/* NULL, or the error in the body. */
static const char *parse(const struct body *body, char ret_id[TRACKD_ID_MAX + 1])
{
	static const char wanted[] = "the body must be {\"task\": ID}, or nothing for all tasks";
	json_t *object = body->size > 0
				 ? json_loadb(body->text, body->size, JSON_REJECT_DUPLICATES, NULL)
				 : json_object();
	const char *wrong = json_is_object(object) ? NULL : wanted;
	json_t *task = wrong ? NULL : json_object_get(object, "task");

	ret_id[0] = '\0';
	if (task && !json_is_null(task)) {
		const char *id = json_string_value(task);

		if (id && strlen(id) == json_string_length(task) && text_id_valid(id))
			memcpy(ret_id, id, strlen(id) + 1);
		else
			wrong = "task must be the id of a task";
	}
	json_decref(object);
	return wrong;
}

static struct MHD_Response *stream_token_body(const char *stream_token, const char *id)
{
	json_t *events = id[0] ? json_sprintf("/v1/tasks/%s/events?ticket=%s", id, stream_token)
			       : json_sprintf("/v1/events?ticket=%s", stream_token);

	return response_json("application/json",
			     json_pack("{s:s, s:i, s:{s:o}}", "ticket", stream_token, "expires_in",
				       STREAM_TOKEN_OPEN_S, "links", "events", events));
}

static enum MHD_Result answer(struct request *request)
{
	const struct body *body = request->work;
	char id[TRACKD_ID_MAX + 1], stream_token[STREAM_TOKEN_MAX];

	if (body->too_long)
		return respond_error(request, MHD_HTTP_CONTENT_TOO_LARGE, NULL);
	const char *wrong = parse(body, id);
	if (wrong)
		return respond_error(request, MHD_HTTP_BAD_REQUEST, wrong);
	if (stream_token_make(request->gateway->stream_tokens, &request->identity, id,
			      (int64_t)time(NULL), stream_token) < 0)
		return respond_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
	return respond(request, MHD_HTTP_CREATED, stream_token_body(stream_token, id));
}

static void let_go(struct request *request)
{
	free(request->work);
}

enum MHD_Result stream_tokens_begin(struct request *request)
{
	static const struct work_class class = { .data = take, .go_on = answer, .free = let_go };

	request->work = calloc(1, sizeof(struct body));
	if (!request->work)
		return MHD_NO;
	request->work_class = &class;
	return MHD_YES;
}
