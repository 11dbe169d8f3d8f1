/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin resource sharing: scripts of configured origins may read answers. No credentials of
 * the browser are involved: a token comes in Authorization, or a ticket in the query, and both are
 * given by the script itself.
 */
#ifndef TRACKD_HTTP_SERVER_CORS_H
#define TRACKD_HTTP_SERVER_CORS_H

#include "tools/trackd-http/server/request.h"

enum { CORS_LINES_MAX = 1024 };

/* Whether a request is the preflight of an allowed origin. Its answer depends neither on the path nor
 * on a token, so that the script sees the status of the request that follows. */
bool cors_is_preflight(const struct request *request);
struct MHD_Response *cors_preflight_response(void);

/* What an answer says about who may read it: nothing where no origin is configured. */
void cors_add(const struct request *request, struct MHD_Response *response);
/* The same as lines of a head that is written by hand, "" if there are none. */
void cors_lines(const struct request *request, char ret_lines[CORS_LINES_MAX]);

#endif
