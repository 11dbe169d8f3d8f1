/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/server/cors.h"
#include "tools/trackd-http/server/server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static bool is_original(const struct request *request)
{
	return request->route && (request->route->flags & ROUTE_ORIGINAL);
}

enum MHD_Result respond(struct request *request, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	request_answered(request, status);
	response_header(response, "X-Content-Type-Options", "nosniff");
	cors_add(request, response);
	if (!MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL))
		response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(request->connection, status, response);
	server_phase(request->connection, CONNECTION_SENDING);
	MHD_destroy_response(response);
	return result;
}

/* ---- Errors ------------------------------------------------------------- */

struct MHD_Response *response_error(const struct request *request, unsigned status,
				    const char *detail)
{
	const char *title = MHD_get_reason_phrase_for(status);

	if (is_original(request))
		return response_json("application/json",
				     json_pack("{s:s}", "detail", detail ? detail : title));
	return response_json("application/problem+json",
			     json_pack("{s:s, s:s, s:i, s:s*}", "type", "about:blank", "title",
				       title, "status", (int)status, "detail", detail));
}

enum MHD_Result respond_error(struct request *request, unsigned status, const char *detail)
{
	return respond(request, status, response_error(request, status, detail));
}

enum MHD_Result respond_unauthorised(struct request *request, enum auth_failure failure)
{
	bool given = failure != AUTH_MISSING;
	struct MHD_Response *response = response_error(
		request, MHD_HTTP_UNAUTHORIZED, given ? "Invalid token" : "Not authenticated");

	if (response)
		response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				given ? "Bearer realm=\"trackd\", error=\"invalid_token\""
				      : "Bearer realm=\"trackd\"");
	return respond(request, MHD_HTTP_UNAUTHORIZED, response);
}

enum MHD_Result respond_retry(struct request *request, unsigned status, unsigned after_s,
			      const char *detail)
{
	struct MHD_Response *response = response_error(request, status, detail);
	char seconds[16];

	snprintf(seconds, sizeof seconds, "%u", after_s);
	if (response)
		response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	return respond(request, status, response);
}

enum MHD_Result respond_amid_body(struct request *request, unsigned status, const char *detail)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	json_t *body = json_pack("{s:s}", "detail", detail);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, date[64] = "";
	char cors[CORS_LINES_MAX], answer[1024 + CORS_LINES_MAX];
	time_t now = time(NULL);
	struct tm tm;

	json_decref(body);
	cors_lines(request, cors);
	if (info && text && gmtime_r(&now, &tm)) {
		(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		int length = snprintf(answer, sizeof answer,
				      "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n"
				      "Content-Type: application/json\r\n"
				      "X-Content-Type-Options: nosniff\r\n"
				      "Cache-Control: no-store\r\n%sContent-Length: %zu\r\n\r\n%s",
				      status, MHD_get_reason_phrase_for(status), date, cors,
				      strlen(text), text);
		/* The socket's buffer is empty, so a short write is unlikely; nothing could be done
		 * about one. */
		(void)send(info->connect_fd, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
		request_answered(request, status);
	}
	free(text);
	return MHD_NO;
}
