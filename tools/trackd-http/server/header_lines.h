/* SPDX-License-Identifier: MIT */
/* A header that is a list may come in several lines, which are one list (RFC 9110, 5.3). */
#ifndef TRACKD_HTTP_SERVER_HEADER_LINES_H
#define TRACKD_HTTP_SERVER_HEADER_LINES_H

#include "tools/trackd-http/server/request.h"

/* Ask about each line of a header, in the order in which they came, until one answers true. Whether
 * one did. name: any case. */
bool header_lines_any(const struct request *request, const char *name,
		      bool (*ask)(const char *line, void *user), void *user);

#endif
