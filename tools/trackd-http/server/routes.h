/* SPDX-License-Identifier: MIT */
/* What paths there are: one table. */
#ifndef TRACKD_HTTP_SERVER_ROUTES_H
#define TRACKD_HTTP_SERVER_ROUTES_H

#include "tools/trackd-http/server/request.h"

enum route_flags {
	ROUTE_ORIGINAL = 1 << 0, /* the original service's: errors are {"detail":...} */
	ROUTE_TOKEN = 1 << 1,    /* wants a bearer token */
	ROUTE_BODY = 1 << 2,     /* a body is expected */
	ROUTE_ADMIN = 1 << 3,    /* on the operators' listener alone */
	ROUTE_STREAM = 1 << 4,   /* admits a ticket in place of a token; counted as a stream */
};

struct route {
	const char *path; /* "{id}" stands for one segment */
	enum MHD_Result (*begin)(struct request *request);
	enum method method;
	unsigned flags;
};

/* The route of a path and method; HEAD is GET. NULL with *ret_allow "" if there is no such path, or
 * with the methods that there are, "GET, HEAD, POST". Fills in the id, decoded. */
const struct route *routes_find(bool admin, const char *path, enum method method,
				char ret_id[TRACKD_ID_MAX + 1], char ret_allow[64]);

/* Rows, for metrics and the check of the description. */
const struct route *routes_all(size_t *ret_n);

#endif
