/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/cors.h"
#include "tools/trackd-http/config/origins.h"
#include "tools/trackd-http/server/response.h"
#include <stdio.h>

/* Chromium caches the result of a preflight for at most two hours. */
#define PREFLIGHT_SECONDS "7200"
#define METHODS "GET, HEAD, POST, DELETE"
#define REQUEST_HEADERS "Authorization, Content-Type, If-None-Match, Last-Event-ID, Prefer"
#define RESPONSE_HEADERS "Allow, ETag, Location, Preference-Applied, Retry-After, WWW-Authenticate"

/* ---- Answers ------------------------------------------------------------- */

static const char *origins_of(const struct request *request)
{
	return request->admin ? "" : request->gateway->config->cors_origins;
}

/* The request's origin; NULL if it has none or one that is not allowed. */
static const char *allowed(const struct request *request)
{
	const char *origin = request_header(request, MHD_HTTP_HEADER_ORIGIN);

	return origin && origins_allow(origins_of(request), origin) ? origin : NULL;
}

void cors_add(const struct request *request, struct MHD_Response *response)
{
	const char *origin = allowed(request);

	/* Also for other origins: a cache must not give them an answer that allows someone else. */
	if (origins_of(request)[0] != '\0')
		response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ORIGIN);
	if (!origin)
		return;
	response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
}

void cors_lines(const struct request *request, char ret_lines[CORS_LINES_MAX])
{
	const char *origin = allowed(request);

	ret_lines[0] = '\0';
	if (origins_of(request)[0] != '\0')
		snprintf(ret_lines, CORS_LINES_MAX, "Vary: Origin\r\n%s%s%s",
			 origin ? "Access-Control-Allow-Origin: " : "", origin ? origin : "",
			 origin ? "\r\nAccess-Control-Expose-Headers: " RESPONSE_HEADERS "\r\n"
				: "");
}

bool cors_is_preflight(const struct request *request)
{
	return request->method == METHOD_OPTIONS && allowed(request) &&
	       request_header(request, MHD_HTTP_HEADER_ACCESS_CONTROL_REQUEST_METHOD);
}

struct MHD_Response *cors_preflight_response(void)
{
	struct MHD_Response *response = response_empty();

	if (response) {
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, METHODS);
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
				REQUEST_HEADERS);
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE,
				PREFLIGHT_SECONDS);
	}
	return response;
}
