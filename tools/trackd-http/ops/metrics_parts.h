/* SPDX-License-Identifier: MIT */
/* What metrics.c counts and metrics_text.c writes. */
#ifndef TRACKD_HTTP_OPS_METRICS_PARTS_H
#define TRACKD_HTTP_OPS_METRICS_PARTS_H

#include "tools/trackd-http/ops/histogram.h"
#include "tools/trackd-http/ops/metrics.h"

/* Names of kinds and stages come from whoever declares them, so their number is bounded here: what
 * is beyond is not told apart. */
enum {
	METRICS_KINDS = TRACKD_KINDS_MAX,
	METRICS_STAGES = TRACKD_KINDS_MAX * TRACKD_STAGES_MAX / 2,
	METRICS_METHODS = METHOD_OTHER + 1,
	METRICS_OUTCOMES = 3, /* completed, failed, cancelled */
};

/* X(status): what we answer; the last slot is for all others. */
#define METRICS_CODES(X)                                                                           \
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

#define METRICS_CODE_SLOT(status) METRICS_CODE_##status,
enum { METRICS_CODES(METRICS_CODE_SLOT) METRICS_CODE_OTHER, METRICS_N_CODES };
#undef METRICS_CODE_SLOT

struct kind_counts {
	char name[TRACKD_STAGE_NAME_MAX + 1];
	uint64_t finished[METRICS_OUTCOMES];
};

struct stage_times {
	char kind[TRACKD_STAGE_NAME_MAX + 1], stage[TRACKD_STAGE_NAME_MAX + 1];
	struct histogram histogram;
};

typedef uint64_t route_counts[METRICS_METHODS][METRICS_N_CODES];

struct metrics {
	struct gateway *gateway;
	const struct route *routes;
	size_t n_routes;
	route_counts *requests; /* one more than there are routes: no such path */
	struct histogram request_times, task_times;
	struct kind_counts kinds[METRICS_KINDS];
	size_t n_kinds;
	struct stage_times stages[METRICS_STAGES];
	size_t n_stages;
	uint64_t auth_failures[AUTH_N_FAILURES];
	int streams;
};

/* All of it as text; the caller frees it. NULL: memory is out. */
char *metrics_text(struct metrics *metrics, bool open_metrics, size_t *ret_size);

#endif
