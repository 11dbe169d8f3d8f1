/* SPDX-License-Identifier: MIT */
/* The board's figures and the gateway's counts, in Prometheus' formats. */
#ifndef TRACKD_HTTP_OPS_METRICS_TEXT_H
#define TRACKD_HTTP_OPS_METRICS_TEXT_H

#include "tools/trackd-http/server/gateway.h"

/* The whole text; the caller frees it. NULL: memory is out. */
char *metrics_text(const struct gateway *gateway, bool open_metrics, size_t *ret_size);

#endif
