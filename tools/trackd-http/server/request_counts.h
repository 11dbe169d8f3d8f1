/* SPDX-License-Identifier: MIT */
/* The gateway's counts of its requests; ops/metrics_text.c writes them. */
#ifndef TRACKD_HTTP_SERVER_REQUEST_COUNTS_H
#define TRACKD_HTTP_SERVER_REQUEST_COUNTS_H

#include "tools/trackd-http/auth/identity.h"
#include "tools/trackd-http/server/histogram.h"
#include "tools/trackd-http/server/route.h"

enum { REQUEST_METHODS = METHOD_OTHER + 1 };

/* X(status): our statuses; the last slot is for all others. */
#define REQUEST_CODES(X)                                                                           \
	X(200)                                                                                     \
	X(201)                                                                                     \
	X(202)                                                                                     \
	X(204)                                                                                     \
	X(304)                                                                                     \
	X(400)                                                                                     \
	X(401)                                                                                     \
	X(403)                                                                                     \
	X(404)                                                                                     \
	X(405)                                                                                     \
	X(408)                                                                                     \
	X(409)                                                                                     \
	X(411)                                                                                     \
	X(413)                                                                                     \
	X(414)                                                                                     \
	X(415)                                                                                     \
	X(429)                                                                                     \
	X(431)                                                                                     \
	X(500)                                                                                     \
	X(503)                                                                                     \
	X(507)

#define REQUEST_CODE_SLOT(status) REQUEST_CODE_##status,
enum { REQUEST_CODES(REQUEST_CODE_SLOT) REQUEST_CODE_OTHER, REQUEST_N_CODES };
#undef REQUEST_CODE_SLOT

typedef uint64_t route_counts[REQUEST_METHODS][REQUEST_N_CODES];

struct request_counts {
	const struct route_table *routes;
	route_counts *requests; /* by route; the last one: no such path */
	struct histogram times;
	uint64_t auth_failures[AUTH_N_FAILURES];
	int streams; /* streams that are open */
};

/* routes must live as long as the counts. 0 or -ENOMEM. */
int request_counts_new(const struct route_table *routes, struct request_counts **ret_counts);
void request_counts_free(struct request_counts *counts);

/* Count one answer; route NULL: no such path. */
void request_counts_add(struct request_counts *counts, const struct route *route,
			enum method method, unsigned status, uint64_t duration_ns);

#endif
