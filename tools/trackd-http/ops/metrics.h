/* SPDX-License-Identifier: MIT */
/* What /metrics tells, and the histograms that the gateway keeps. */
#ifndef TRACKD_HTTP_OPS_METRICS_H
#define TRACKD_HTTP_OPS_METRICS_H

#include "tools/trackd-http/auth/identity.h"
#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/route.h"

struct metrics;

int metrics_new(struct gateway *gateway, struct metrics **ret_metrics);
void metrics_free(struct metrics *metrics);

void metrics_request(struct metrics *metrics, const struct route *route, enum method method,
		     unsigned status, uint64_t duration_ns);
void metrics_auth_failure(struct metrics *metrics, enum auth_failure failure);
void metrics_streams(struct metrics *metrics, int change);

/* The route's begin(). */
enum MHD_Result metrics_begin(struct request *request);

#endif
