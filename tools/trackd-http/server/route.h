/* SPDX-License-Identifier: MIT */
/* A route: a path, a method and the function that answers. The caller has the table: routes.h. */
#ifndef TRACKD_HTTP_SERVER_ROUTE_H
#define TRACKD_HTTP_SERVER_ROUTE_H

#include "libclient/trackd.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

enum route_flags {
	ROUTE_ORIGINAL = 1 << 0, /* of the original service: errors are {"detail":...} */
	ROUTE_TOKEN = 1 << 1,    /* requires a bearer token */
	ROUTE_BODY = 1 << 2,     /* a body is expected */
	ROUTE_ADMIN = 1 << 3,    /* only on the operators' listener */
	ROUTE_STREAM = 1 << 4,   /* accepts a ticket instead of a token; counted as a stream */
};

struct request;

struct route {
	const char *path; /* "{id}" stands for one segment */
	enum MHD_Result (*begin)(struct request *request);
	enum method method;
	unsigned flags;
};

struct route_table {
	const struct route *rows;
	size_t n;
};

/* Find the route for a path and method; HEAD is treated as GET. NULL with *ret_allow "" if there is
 * no such path, or with the allowed methods, "GET, HEAD, POST". Fills in the decoded id. */
const struct route *route_find(const struct route_table *table, bool admin, const char *path,
			       enum method method, char ret_id[TRACKD_ID_MAX + 1],
			       char ret_allow[64]);

#endif
