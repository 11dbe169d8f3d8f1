/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/dispatch.h"
#include "tools/trackd-http/auth/auth.h"
#include "tools/trackd-http/auth/stream_token.h"
#include "tools/trackd-http/server/cors.h"
#include "tools/trackd-http/server/header_lines.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/server/request_counts.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/server/server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Request and caller ---------------------------------------------------- */

static enum method method_of(const char *name)
{
	static const char *const names[] = { [METHOD_GET] = "GET",
					     [METHOD_HEAD] = "HEAD",
					     [METHOD_POST] = "POST",
					     [METHOD_DELETE] = "DELETE",
					     [METHOD_OPTIONS] = "OPTIONS" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum method)i;
	return METHOD_OTHER;
}

/* The end of a list that may come in several header lines. */
struct list {
	char text[1024];
	size_t length;
};

static bool append(const char *line, void *user)
{
	struct list *list = user;
	size_t room = sizeof list->text - 2, length = strlen(line);

	if (length > room) {
		line += length - room;
		length = room;
	}
	/* Keep the end: the nearest proxies append there. */
	size_t kept = list->length < room - length ? list->length : room - length;
	memmove(list->text, list->text + list->length - kept, kept);
	list->text[kept] = ',';
	memcpy(list->text + kept + 1, line, length + 1);
	list->length = kept + 1 + length;
	return false;
}

/* HAProxy adds its own header line to those that came. */
static void find_address(struct request *request)
{
	static const char name[] = "X-Forwarded-For";
	const struct limits *limits = request->gateway->limits;
	const char *peer = server_peer(request->connection);

	if (request_header(request, name)) {
		struct list list = { .length = 0 };

		(void)header_lines_any(request, name, append, &list);
		limits_address(limits, peer, list.text, request->address);
	} else {
		limits_address(limits, peer, NULL, request->address);
	}
}

static struct request *request_new(struct server *server, struct MHD_Connection *connection,
				   const char *url, const char *method)
{
	struct request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->gateway = server_gateway(server);
	request->admin = server_is_admin(server);
	request->connection = connection;
	request->method = method_of(method);
	request->started_ns = request->due_ns = now_ns();
	request->path = url;
	find_address(request);
	return request;
}

/* ---- Admission ---------------------------------------------------------- */

static enum auth_failure identify(struct request *request)
{
	struct gateway *gateway = request->gateway;
	const char *authorization = request_header(request, "Authorization");
	const char *stream_token = request_query(request, "ticket");
	int64_t now = (int64_t)time(NULL);

	/* Without a key no caller can be identified, not even one whose token is still cached. */
	if (!gateway->auth)
		return authorization ? AUTH_SIGNATURE : AUTH_MISSING;
	if (!authorization && stream_token && (request->route->flags & ROUTE_STREAM))
		return stream_token_check(gateway->stream_tokens, stream_token, request->id,
					  request_header(request, "Last-Event-ID") != NULL, now,
					  &request->identity, &request->stream_token);
	return auth_check(gateway->auth, authorization, now, &request->identity);
}

static enum MHD_Result admit_caller(struct request *request)
{
	struct gateway *gateway = request->gateway;
	unsigned wait;

	if (request->route->flags & ROUTE_TOKEN) {
		enum auth_failure failure = identify(request);

		if (failure != AUTH_NONE) {
			gateway->request_counts->auth_failures[failure]++;
			return respond_unauthorised(request, failure);
		}
		wait = limits_request(gateway->limits, NULL, request->identity.owner,
				      request->started_ns);
		if (wait > 0)
			return respond_retry(request, MHD_HTTP_TOO_MANY_REQUESTS, wait,
					     "Too many requests");
	}
	return request->route->begin(request);
}

static enum MHD_Result no_route(struct request *request, const char *allow)
{
	struct MHD_Response *response;

	if (allow[0] == '\0')
		return respond_error(request, MHD_HTTP_NOT_FOUND, NULL);
	response = response_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL);
	if (response)
		response_header(response, "Allow", allow);
	return respond(request, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

static enum MHD_Result admit(struct request *request)
{
	struct gateway *gateway = request->gateway;
	bool admin = request->admin;
	char allow[64];
	unsigned wait;

	/* A preflight costs no more than a refusal, and the request that follows it is limited. */
	if (cors_is_preflight(request))
		return respond(request, MHD_HTTP_NO_CONTENT, cors_preflight_response());
	request->route = route_find(gateway->routes, admin, request->path, request->method,
				    request->id, allow);
	if (admin)
		return request->route ? request->route->begin(request) : no_route(request, allow);
	wait = limits_request(gateway->limits, request->address, NULL, request->started_ns);
	if (wait > 0)
		return respond_retry(request, MHD_HTTP_TOO_MANY_REQUESTS, wait,
				     "Too many requests");
	if (!request->route)
		return no_route(request, allow);
	if (gateway->draining && !admin)
		return respond_retry(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2, "Shutting down");
	return admit_caller(request);
}

/* ---- Callbacks of libmicrohttpd ----------------------------------------- */

/* Whether a body follows the head. */
static bool has_body(const struct request *request)
{
	const char *length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
	       (length && length[strspn(length, "0")] != '\0');
}

/* It is unknown where the next request begins. */
static enum MHD_Result refuse(struct request *request, const struct head_fault *fault)
{
	struct MHD_Response *response = response_error(request, fault->status, fault->detail);

	request->refused = true;
	if (response)
		response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return respond(request, fault->status, response);
}

static enum MHD_Result begin(struct request *request)
{
	enum MHD_Result result;
	const struct work_class *work;

	request->admitted = true;
	result = admit(request);
	work = request->work_class;
	/* There is no body to wait for. */
	if (result == MHD_YES && request->status == 0 && work && work->go_on)
		return work->go_on(request);
	return result;
}

static enum MHD_Result more(struct request *request, const char *data, size_t *size)
{
	const struct work_class *work = request->work_class;
	const struct head_fault *fault = server_fault(request->connection);

	if (*size > 0) {
		size_t n = *size;

		request_due(request);
		*size = 0;
		if (request->status != 0 || !work || !work->data)
			return MHD_YES; /* already answered, or the body is ignored */
		return work->data(request, data, n);
	}
	if (request->body) {
		request->body = false;
		request_due(request);
		if (request->status == 0)
			server_phase(request->connection, CONNECTION_BUSY);
	}
	if (request->status != 0)
		return MHD_YES;
	if (fault)
		return refuse(request, fault);
	if (!request->admitted)
		return begin(request);
	if (!work || !work->go_on)
		return MHD_NO;
	return work->go_on(request);
}

enum MHD_Result dispatch_call(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state)
{
	struct request *request = *state;

	(void)version;
	if (request)
		return more(request, data, size);
	if (!server_next(connection))
		return MHD_NO;
	request = request_new(cls, connection, url, method);
	if (!request)
		return MHD_NO;
	*state = request;
	request->body = has_body(request);
	server_phase(connection, request->body ? CONNECTION_BODY : CONNECTION_BUSY);
	/* An answer before the end of the body closes the connection. That is acceptable for an
	 * unwanted body, but not for a request without one. */
	if (!request->body)
		return MHD_YES;
	request->admitted = true;
	return admit(request);
}

void dispatch_end(void *cls, struct MHD_Connection *connection, void **state,
		  enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)cls;
	(void)code;
	if (request && request->status != 0 && (request->body || request->refused))
		server_lingering_close(connection);
	server_phase(connection, CONNECTION_IDLE);
	if (!request)
		return;
	if (request->work_class && request->work_class->free)
		request->work_class->free(request);
	if (request->status != 0)
		request_counts_add(request->gateway->request_counts, request->route,
				   request->method, request->status,
				   request->answered_ns - request->due_ns);
	free(request);
	*state = NULL;
}
