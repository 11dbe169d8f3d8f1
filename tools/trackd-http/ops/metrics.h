/* SPDX-License-Identifier: MIT */
/* GET /metrics, for Prometheus. */
#ifndef TRACKD_HTTP_OPS_METRICS_H
#define TRACKD_HTTP_OPS_METRICS_H

#include "tools/trackd-http/server/request.h"

enum MHD_Result metrics_begin(struct request *request);

#endif
