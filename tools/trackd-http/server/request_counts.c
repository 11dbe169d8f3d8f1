/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/request_counts.h"
#include <errno.h>
#include <stdlib.h>

static size_t code_slot(unsigned status)
{
	switch (status) {
#define CODE_CASE(code)                                                                            \
	case code:                                                                                 \
		return REQUEST_CODE_##code;
		REQUEST_CODES(CODE_CASE)
#undef CODE_CASE
	default:
		return REQUEST_CODE_OTHER;
	}
}

/* Streams are left out: they last as long as their clients. Operators' requests are left out:
 * scraping a large board is slow, and no user waits for it. */
void request_counts_add(struct request_counts *counts, const struct route *route,
			enum method method, unsigned status, uint64_t duration_ns)
{
	size_t i = route ? (size_t)(route - counts->routes->rows) : counts->routes->n;

	counts->requests[i][method][code_slot(status)]++;
	if (!route || !(route->flags & (ROUTE_STREAM | ROUTE_ADMIN)))
		histogram_add(&counts->times, &histogram_requests, (double)duration_ns / 1e9);
}

int request_counts_new(const struct route_table *routes, struct request_counts **ret_counts)
{
	struct request_counts *counts = calloc(1, sizeof *counts);

	if (!counts)
		return -ENOMEM;
	counts->routes = routes;
	counts->requests = calloc(routes->n + 1, sizeof *counts->requests);
	if (!counts->requests) {
		free(counts);
		return -ENOMEM;
	}
	*ret_counts = counts;
	return 0;
}

void request_counts_free(struct request_counts *counts)
{
	if (!counts)
		return;
	free(counts->requests);
	free(counts);
}
