/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/cors.h"
#include "tools/trackd-http/server/respond.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chromium keeps an answer to a preflight for at most two hours. */
#define PREFLIGHT_SECONDS "7200"
#define METHODS "GET, HEAD, POST, DELETE"
#define REQUEST_HEADERS "Authorization, Content-Type, If-None-Match, Last-Event-ID, Prefer"
#define RESPONSE_HEADERS "Allow, ETag, Location, Preference-Applied, Retry-After, WWW-Authenticate"

static const char separators[] = " \t,";

/* ---- Origins ------------------------------------------------------------- */

/* The next entry of a list, *ret_length 0 at its end. */
static const char *next_entry(const char *at, size_t *ret_length)
{
	at += strspn(at, separators);
	*ret_length = strcspn(at, separators);
	return at;
}

static bool is_name(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strlen(host);

	return length > 0 && host[0] != '.' && host[strspn(host, letters)] == '\0';
}

/* "[::1]", written as inet_ntop() does, and so do browsers. */
static bool is_bracketed(char *host)
{
	size_t length = strlen(host);
	char again[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length < 3 || host[0] != '[' || host[length - 1] != ']')
		return false;
	host[length - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, &address) == 1 &&
	       inet_ntop(AF_INET6, &address, again, sizeof again) && strcmp(again, host + 1) == 0;
}

/* Without leading zeros, and not the one that the scheme implies: browsers leave that out. */
static bool is_port(const char *port, const char *implied)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	return port[0] >= '1' && port[0] <= '9' && *end == '\0' && number <= 65535 &&
	       strcmp(port, implied) != 0;
}

static bool is_origin(const char *text, size_t length)
{
	static const struct {
		const char *prefix, *port;
	} schemes[] = { { "https://", "443" }, { "http://", "80" } };
	char host[512];

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t prefix = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, prefix) != 0)
			continue;
		if (length - prefix >= sizeof host)
			return false;
		snprintf(host, sizeof host, "%.*s", (int)(length - prefix), text + prefix);
		char *bracket = strrchr(host, ']');
		char *colon = strchr(bracket ? bracket : host, ':');
		if (colon)
			*colon = '\0';
		return (is_name(host) || is_bracketed(host)) &&
		       (!colon || is_port(colon + 1, schemes[i].port));
	}
	return false;
}

bool cors_origins_valid(const char *text)
{
	size_t length;

	for (text = next_entry(text, &length); length > 0;
	     text = next_entry(text + length, &length))
		if (!is_origin(text, length))
			return false;
	return true;
}

bool cors_origin_allowed(const char *origins, const char *origin)
{
	size_t wanted = strlen(origin), length;

	for (origins = next_entry(origins, &length); length > 0;
	     origins = next_entry(origins + length, &length))
		if (length == wanted && memcmp(origins, origin, length) == 0)
			return true;
	return false;
}

/* ---- Answers ------------------------------------------------------------- */

static const char *origins_of(const struct request *request)
{
	return request->admin ? "" : request->gateway->config->cors_origins;
}

/* The origin that a request comes from, NULL if it names none that is allowed. */
static const char *allowed(const struct request *request)
{
	const char *origin = request_header(request, MHD_HTTP_HEADER_ORIGIN);

	return origin && cors_origin_allowed(origins_of(request), origin) ? origin : NULL;
}

void cors_add(const struct request *request, struct MHD_Response *response)
{
	const char *origin = allowed(request);

	/* Also for those that are not allowed: a cache must not give them what others got. */
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

enum MHD_Result cors_answer_preflight(struct request *request)
{
	struct MHD_Response *response = response_empty();

	if (response) {
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, METHODS);
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
				REQUEST_HEADERS);
		response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE,
				PREFLIGHT_SECONDS);
	}
	return respond(request, MHD_HTTP_NO_CONTENT, response);
}
