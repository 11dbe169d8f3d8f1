/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin resource sharing: scripts of configured origins may read answers. The browser's own
 * credentials are not involved: the script itself sends a token in Authorization, or a ticket in
 * the query.
 */
#ifndef TRACKD_HTTP_SERVER_CORS_H
#define TRACKD_HTTP_SERVER_CORS_H

#include "tools/trackd-http/server/request.h"

enum { CORS_LINES_MAX = 1024 };

/* Whether a request is a preflight from an allowed origin. Its answer depends neither on the path
 * nor on a token, so that the script sees the status of the actual request. */
bool cors_is_preflight(const struct request *request);
struct MHD_Response *cors_preflight_response(void);

/* Add the headers that say who may read the answer; none if no origin is configured. */
void cors_add(const struct request *request, struct MHD_Response *response);
/* The same as header lines for an answer that is written by hand; "" if there are none. */
void cors_lines(const struct request *request, char ret_lines[CORS_LINES_MAX]);

#endif
