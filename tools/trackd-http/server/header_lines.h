/* SPDX-License-Identifier: MIT */
/* A list header may come in several lines, which form one list (RFC 9110, 5.3). */
#ifndef TRACKD_HTTP_SERVER_HEADER_LINES_H
#define TRACKD_HTTP_SERVER_HEADER_LINES_H

#include "tools/trackd-http/server/request.h"

/* Call a function with each line of a header, in order, until one call returns true. Whether one
 * did. name: any case. */
bool header_lines_any(const struct request *request, const char *name,
		      bool (*ask)(const char *line, void *user), void *user);

#endif
